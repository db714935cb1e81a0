/** Programs that compile only if the types for the frameworks are right. */

export const typedVue = `
import { computed, type ComputedRef, ref } from "vue";
import type { State } from "tickseed";
import { type SessionRefs, useSession } from "tickseed/vue";

const address = ref<string | null>(null);
const refs: SessionRefs = useSession(address, { catchUp: "latest", render: false });
const { state, error } = useSession(() => address.value);
const current: ComputedRef<State | undefined> = state;
const text = computed(() => (error.value === undefined ? String(current.value?.step) : "failed"));
useSession(new URL("https://ticks.example/v1/sessions/sess_1"));
// @ts-expect-error: the refs are read-only
state.value = undefined;
// @ts-expect-error: an address is a string
useSession(5);
// @ts-expect-error: the store decides when to close
useSession(address, { signal: AbortSignal.timeout(1) });
export { refs, text };
`;

export const typedSvelte = `
import { derived, get, type Readable } from "svelte/store";
import { readableSession, type SessionView } from "tickseed/svelte";

const session: Readable<SessionView> = readableSession("/v1/sessions/sess_1", { render: true });
const round: Readable<number | undefined> = readableSession(null, {}, ({ state }) => state?.round);
const step = derived(session, ({ state }) => state?.step);
const value: number | undefined = get(step);
// @ts-expect-error: an address is a string
readableSession(5);
export { round, value };
`;

export const typedSolid = `
import { type Accessor, createSignal } from "solid-js";
import type { State } from "tickseed";
import { type SessionAccessors, useSession } from "tickseed/solid";

const [address] = createSignal<string>();
const accessors: SessionAccessors = useSession(address, { render: false });
const { state } = useSession("/v1/sessions/sess_1");
const current: Accessor<State | undefined> = state;
// @ts-expect-error: an address is a string
useSession(5);
export { accessors, current };
`;

/** Uses the types of the store, which needs no framework. */
export const typedStore = `
import { type LiveSession, sessionStore, type SessionStore, type SessionView, type Snapshots } from "tickseed";

const store: SessionStore = sessionStore("/v1/sessions/sess_1", { catchUp: "all", render: false, headers: { a: "b" } });
const off: () => void = store.subscribe(() => undefined);
const { state, session, error }: SessionView = store.getSnapshot();
const live: LiveSession | undefined = session;
const round: Snapshots<number | undefined> = store.select((view) => view.state?.round);
const pair = store.select(({ status }) => ({ status }), (one, other) => one.status === other.status);
const step: number | undefined = state?.step ?? round.getSnapshot();
// @ts-expect-error: views cannot be changed
store.getSnapshot().isStopped = true;
// @ts-expect-error: the store tries again by itself
sessionStore("/v1/sessions/sess_1", { retry: false });
export { error, live, off, pair, step };
`;
