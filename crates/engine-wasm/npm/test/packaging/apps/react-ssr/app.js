import { createElement } from "react";
import { useSession } from "tickseed/react";

/** Shows what the record says until the state is known. */
export function App({ address, record }) {
  const { state, status, isStopped, error } = useSession(address, { record });
  if (error !== undefined) {
    return createElement("p", null, String(error));
  }
  return createElement("p", null, state === undefined ? status : JSON.stringify([state, isStopped]));
}
