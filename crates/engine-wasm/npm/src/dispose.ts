// Makes this library part of the package's types, so that programs need not list it themselves.
/// <reference lib="esnext.disposable" preserve="true" />

/**
 * `Symbol.dispose`, or a substitute where it is missing, so that classes can define the method everywhere.
 */
export const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");
