import { useEffect, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import { useSession } from "tickseed/react";

import { areBetsOpen, crashOf, factorAt } from "./crash.js";

const address = new URLSearchParams(location.search).get("session");

/** Renders only when bets open or close, although the session ticks many times a second. */
function Game() {
  const phase = useSession(address, {}, phaseOf);
  const round = useSession(address, {}, ({ state }) => state?.round);
  const { session, error } = useSession(address, { render: false });
  if (session === undefined) {
    return <p>{error ? `${error.message}; trying again` : "connecting"}</p>;
  }
  return (
    <>
      <h1>{phase === "bets" ? "Place your bets" : <Factor session={session} />}</h1>
      <p>{phase === "over" ? "The game is over." : "Play money only."}</p>
      <Rounds session={session} />
      <Foresee key={round} session={session} />
    </>
  );
}

function phaseOf({ state, isStopped }) {
  if (isStopped) {
    return "over";
  }
  return state && areBetsOpen(state.value) ? "bets" : "flying";
}

/** Writes the factor at every frame, without rendering. */
function Factor({ session }) {
  const text = useRef(null);
  useEffect(() => {
    let next = 0;
    const frame = session.frame();
    const write = () => {
      if (!session.isClosed) {
        const { value, fraction } = session.frame(frame);
        text.current.textContent = `${factorAt(value, fraction).toFixed(2)}×`;
        next = requestAnimationFrame(write);
      }
    };
    write();
    return () => cancelAnimationFrame(next);
  }, [session]);
  return <span ref={text} />;
}

/** The last crashes. */
function Rounds({ session }) {
  const crashes = session.isClosed ? [] : session.rounds(8);
  return (
    <ol>
      {crashes.map((round) => (
        <li key={round.round}>{crashOf(round).toFixed(2)}×</li>
      ))}
    </ol>
  );
}

/** Shows what every player can compute: there is no secret. */
function Foresee({ session }) {
  const [next, setNext] = useState();
  return (
    <p>
      <button type="button" onClick={() => setNext(crashOf(session.round()))}>
        Foresee this round
      </button>
      {next === undefined ? "" : ` It crashes at ${next.toFixed(2)}×.`}
    </p>
  );
}

createRoot(document.querySelector("main")).render(<Game />);
