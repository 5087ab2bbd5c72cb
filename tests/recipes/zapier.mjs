// The Code step as Zapier runs it: the body of an async function that is given inputData, require and fetch.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delivered, must } from "./tools.mjs";

const [file, program, folder] = process.argv.slice(2);
const issuer = process.env.ISSUER;
const AsyncFunction = (async () => {}).constructor;
const step = new AsyncFunction("inputData", "require", "fetch", readFileSync(file, "utf8"));
// The step names the tenant; here the sandbox stands in for it.
const reach = (url) => fetch(String(url).replace("https://acme.kinde.com", issuer));
const run = (jwt) => step({ jwt }, createRequire(import.meta.url), reach);
const refused = async (jwt) => run(jwt).then(() => undefined, (error) => error.message);

const token = await delivered(program, folder, "user.created");
const event = await run(token);
must("a genuine event comes out", event.type === "user.created" && event.event_id.startsWith("event_") && event.data.user.id);
must("with white space around it too", (await run(`\n${token}\n`)).event_id === event.event_id);
for (const forge of ["other-key", "unknown-kid", "alg-none", "key-confusion-pem", "tampered-payload", "plain-json", "stale", "access-token", "inline-jwk"]) {
  const why = await refused(await delivered(program, folder, "user.created", "--forge", forge));
  must(`${forge} ends the step: ${why}`, why);
}
for (const body of ["", undefined, "a.b.c", "{}"]) must(`${body} ends the step`, await refused(body));
