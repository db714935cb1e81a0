// Checks what docker-compose config cannot know of docker-compose.yml: node check-compose.js FILE. Every container is locked down alike,
// and each nginx, started with what it depends on, brings one store and reaches everything it needs.
import { readFileSync } from "node:fs";
import { parse } from "yaml";

// What each nginx brings, apart from the servers.
const STORES = { nginx: "redis", "nginx-postgres": "postgres", "nginx-cassandra": "cassandra" };
const LOCKED = { read_only: true, cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"], logging: { driver: "local" } };
const NEEDED = ["healthcheck", "restart", "stop_grace_period", "user"];
// The Dockerfile sets the user.
const OURS = "tickseed:local";
const EXACT = /^[a-z]+:\d+\.\d+[-.\w]*$/;

const { services } = parse(readFileSync(process.argv[2], "utf8"), { merge: true });
const problems = [];

/** The services that start with this one. */
function startsWith(name, found = new Set()) {
  found.add(name);
  for (const needed of Object.keys(services[name].depends_on ?? {})) {
    if (!found.has(needed)) {
      startsWith(needed, found);
    }
  }
  return found;
}

function checkService(name, service) {
  for (const [key, value] of Object.entries(LOCKED)) {
    if (JSON.stringify(service[key]) !== JSON.stringify(value)) {
      problems.push(`${name} lacks ${key}: ${JSON.stringify(value)}`);
    }
  }
  const missing = NEEDED.filter((key) => !(key in service) && !(key === "user" && service.image === OURS));
  problems.push(...missing.map((key) => `${name} has no ${key}`));
  if (service.image !== OURS && !EXACT.test(service.image)) {
    problems.push(`${name} does not say the exact version of ${service.image}`);
  }
}

function checkNeeds(name, service) {
  for (const needed of Object.keys(service.depends_on ?? {})) {
    if (!services[needed].networks.some((network) => service.networks.includes(network))) {
      problems.push(`${name} and ${needed} share no network`);
    }
    // Compose refuses a service that depends on one that its profile does not start.
    const profiles = services[needed].profiles ?? [];
    if (profiles.length > 0 && !(service.profiles ?? []).some((profile) => profiles.includes(profile))) {
      problems.push(`${name} depends on ${needed}, which only starts with another profile`);
    }
  }
}

for (const [name, service] of Object.entries(services)) {
  checkService(name, service);
  checkNeeds(name, service);
}
for (const [proxy, store] of Object.entries(STORES)) {
  const started = [...startsWith(proxy)].filter((name) => name !== proxy && services[name].image !== OURS);
  if (started.join() !== store) {
    problems.push(`${proxy} starts ${started.join(", ")}, and not just ${store}`);
  }
}
for (const problem of problems) {
  console.error(`${process.argv[2]}: ${problem}`);
}
process.exitCode = problems.length === 0 ? 0 : 1;
