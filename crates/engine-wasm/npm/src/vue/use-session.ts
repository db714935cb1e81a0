import {
  type ComputedRef,
  computed,
  getCurrentInstance,
  type MaybeRefOrGetter,
  markRaw,
  onMounted,
  type ShallowRef,
  shallowRef,
  toValue,
  watch,
} from "vue";

import { connect } from "../session/connect.js";
import { type SessionStore, type SessionStoreOptions, storeWith } from "../store/session-store.js";
import { IDLE, type SessionView } from "../store/session-view.js";

/** The address of a session; `null` or `undefined` while it is unknown. */
export type SessionAddress = string | URL | null | undefined;

/** The options of {@link useSession}. */
export type UseSessionOptions = SessionStoreOptions;

/** The fields of a view, each as a read-only ref that changes only if the field does. */
export type SessionRefs = { readonly [Field in keyof SessionView]: ComputedRef<SessionView[Field]> };

/**
 * Shows a session. It is connected while a component that uses it is mounted, and two seconds longer. Components with the same
 * address and options share it. On a server nothing is requested, and the refs have what the option `record` says.
 *
 * Outside of components it connects at once, and is left when the effect scope ends.
 *
 * @param address The address of the session, a ref or a getter; `null` or `undefined` while it is unknown.
 * @param options The options of `connect`, with `record` and `render`. They are read once.
 *
 * @example
 * ```vue
 * <script setup lang="ts">
 * import { useSession } from "tickseed/vue";
 *
 * const { address } = defineProps<{ address: string }>();
 * const { state, error } = useSession(() => address);
 * </script>
 *
 * <template>
 *   <p>{{ error ?? state?.value ?? "connecting" }}</p>
 * </template>
 * ```
 */
export function useSession(
  address: MaybeRefOrGetter<SessionAddress>,
  options: UseSessionOptions = {},
): SessionRefs {
  const store = computed(() => storeWith(connect, toValue(address), options));
  const view = shallowRef(store.value.getServerSnapshot());
  const follow = (): void => {
    // Without a delay, so that no ref ever has the session of the previous address.
    watch(store, (current, _, onCleanup) => onCleanup(show(current, view)), {
      immediate: true,
      flush: "sync",
    });
  };
  // Components are not mounted on a server.
  if (getCurrentInstance() === null) {
    follow();
  } else {
    onMounted(follow);
  }
  return refsOf(view);
}

/** Puts the current view of a store into a ref until the returned function is called. */
function show(store: SessionStore, view: ShallowRef<SessionView>): () => void {
  const update = (): void => {
    const current = store.getSnapshot();
    if (current.session !== undefined) {
      // A session has private fields, which Vue's proxies of reactive objects cannot reach.
      markRaw(current.session);
    }
    view.value = current;
  };
  const off = store.subscribe(update);
  update();
  return off;
}

function refsOf(view: ShallowRef<SessionView>): SessionRefs {
  const names = Object.keys(IDLE) as (keyof SessionView)[];
  return Object.fromEntries(names.map((name) => [name, computed(() => view.value[name])])) as SessionRefs;
}
