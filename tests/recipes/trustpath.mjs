// The generated workflow with Kinde's own @kinde/infrastructure over a runtime of a few lines: what becomes of a person is what
// the panel's table says, for every answer. `kinde.fetch` answers at once, as that package relies on.
import { readFileSync } from "node:fs";
import { load } from "./resolve.mjs";
import { home, must } from "./tools.mjs";

const [file, simulated] = process.argv.slice(2);
const { default: workflow, workflowSettings } = await load(`${home}/${file}`);
const table = JSON.parse(readFileSync(`${home}/${simulated}`, "utf8")).values.table;
const closed = simulated.includes("closed");
must("the failure policy says the same", workflowSettings.failurePolicy.action === (closed ? "stop" : "continue"));
for (const binding of ["kinde.env", "kinde.fetch", "kinde.auth", "url"]) must(`it binds ${binding}`, binding in workflowSettings.bindings);
console.error = () => {};

const answers = {
  approve: () => ({ json: { data: { score: { state: "approve", value: 3 } } } }),
  review: () => ({ json: { data: { score: { state: "review", value: 55 } } } }),
  decline: () => ({ json: { data: { score: { state: "decline", value: 97 } } } }),
  "server error": () => JSON.parse("<html>"),
  timeout: () => {
    throw new Error("timed out");
  },
  "odd answer": () => ({ json: { ok: true } }),
  "unknown state": () => ({ json: { data: { score: { state: "maybe" } } } }),
  "api key not set": () => ({ json: { data: { score: { state: "approve" } } } }),
};

async function sign_in(answer, isNew, ip) {
  const seen = { denied: undefined, body: undefined };
  const env = { KINDE_WF_M2M_CLIENT_ID: "id", KINDE_WF_M2M_CLIENT_SECRET: "secret", TRUSTPATH_API_KEY: "key" };
  if (answer === "api key not set") delete env.TRUSTPATH_API_KEY;
  globalThis.kinde = {
    env: { get: (name) => (name in env ? { value: env[name], isSecret: false } : undefined) },
    auth: { denyAccess: (reason) => (seen.denied = reason) },
    cache: { jwtToken: async (_name, options) => options.onMissingOrExpired() },
    fetch: (url, options) => {
      if (url.endsWith("/oauth2/token")) return { json: { access_token: "m2m" } };
      if (url.includes("/api/v1/user?id=")) return { json: { preferred_email: "ada@example.com", first_name: "Ada" } };
      seen.body = JSON.parse(options.body);
      seen.key = options.headers.Authorization;
      return answers[answer]();
    },
  };
  await workflow({
    request: { ip, userAgent: "x" },
    context: {
      domains: { kindeDomain: "https://acme.kinde.com" },
      user: { id: "kp_1" },
      auth: { isNewUserRecordCreated: isNew },
    },
  });
  return seen;
}

// A slow answer never comes back into the workflow: kinde.fetch takes no time limit, so Kinde breaks the workflow off, and its
// failure policy decides. That must come to the same as the throw that "timeout" is played as below.
const slow = table.find((row) => row.answer === "timeout").person;
must(`broken off by Kinde: ${slow}`, (workflowSettings.failurePolicy.action === "stop") === (slow === "is denied"));
must("every row of the table is played", table.length === Object.keys(answers).length);
for (const { answer, person } of table) {
  const seen = await sign_in(answer, true, "203.0.113.7, 10.0.0.1");
  must(`${answer}: ${person}`, (seen.denied !== undefined) === (person === "is denied"), seen.denied);
  must("the words say nothing of TrustPath", !/trustpath|fraud|risk/i.test(seen.denied ?? ""));
}
const register = await sign_in("approve", true, "203.0.113.7, 10.0.0.1");
must("a new user is account_register", register.body.event_type === "account_register" && register.key === "Bearer key");
must("with address and email", register.body.ip === "203.0.113.7" && register.body.email === "ada@example.com");
must("a known one is account_login", (await sign_in("approve", false, "203.0.113.7")).body.event_type === "account_login");
