import { Show } from "solid-js";
import { useSession } from "tickseed/solid";

export function App(props) {
  const { state, isStopped, error } = useSession(() => props.address);
  return (
    <Show when={!error()} fallback={<p>{String(error())}</p>}>
      <Show when={state()}>
        <p>{JSON.stringify([state(), isStopped()])}</p>
      </Show>
    </Show>
  );
}
