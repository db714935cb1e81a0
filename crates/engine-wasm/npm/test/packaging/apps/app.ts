/** What a tiny app consists of that uses the package in one way, with one version of one tool. */

/** The arguments of a program. In all texts of an app, `PORT` and `ADDRESS` stand for a free port and the address of a session. */
export type Command = readonly [string, ...string[]];

export interface App {
  /** The way of using the package. */
  readonly name: string;
  /** The folder of `test/packaging` that pins the tools. */
  readonly tools: string;
  /** The version of Node.js that runs the tools, if they do not run in the oldest one that the package supports. */
  readonly node?: 20 | 22 | 24;
  readonly files: Readonly<Record<string, string>>;
  /** Commands that make the app ready to run. */
  readonly build?: readonly Command[];
  readonly show: Show;
}

/** How the app shows the state. */
export type Show =
  /** A program prints it. */
  | { readonly by: "program"; readonly command: Command }
  /** A folder of static files has a page that shows it. */
  | { readonly by: "folder"; readonly folder: string }
  /** The browser opens a page from disk, as Electron does. */
  | { readonly by: "file"; readonly file: string }
  /** A server has a page that shows it, once for each of the page's parts, or an address that responds with it. */
  | {
      readonly by: "server";
      readonly command: Command;
      readonly parts?: number;
      readonly texts?: readonly string[];
    };

/** The tools that `scripts/test` also uses. All others are too large or too slow for it. */
export const FAST_TOOLS = "tools";
