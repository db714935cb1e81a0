/** Acts at every break of a session, once each and in order, however long the machine slept. */
import { connect } from "tickseed";

const [address = ""] = process.argv.slice(2);
const quit = new AbortController();
process.once("SIGINT", () => quit.abort());

const session = await connect(address, {
  retry: true,
  signal: quit.signal,
  onRetry: ({ error, retryInMs }) =>
    console.error(`${error.message}; next attempt in ${Math.round(retryInMs / 1_000)} s`),
});
console.log(`connected: ${session.status}, step ${session.state().step}`);

session.on("break", ({ step, ended, behindMs, isSettled }) => {
  // Everyone who asks for this step and channel rolls the same.
  const dice = session.draw(step, "bot");
  const roll = dice.between(1, 6);
  dice.free();
  console.log(`break at step ${step}: round ${ended.round} counted ${ended.interval} ticks, rolled ${roll}`);
  if (!isSettled || behindMs > 1_000) {
    console.log(`  ${isSettled ? "final" : "may be taken back"}, told ${Math.round(behindMs)} ms late`);
  }
});

session.on("stopped", ({ state, breaksTakenBack }) => {
  for (const { step } of breaksTakenBack) {
    console.log(`the break at step ${step} did not happen after all`);
  }
  console.log(`stopped at step ${state.step}`);
  session.close();
});
