// Serves the generated worker as a runtime would: its default export's fetch, with an environment.
import { load } from "./resolve.mjs";
import { serve } from "./tools.mjs";

const worker = (await load(process.argv[2])).default;
const { KINDE_ISSUER_URL, KINDE_AUDIENCE } = process.env;
const { url } = await serve((request) => worker.fetch(request, { KINDE_ISSUER_URL, KINDE_AUDIENCE, KINDE_CLIENT_IDS: "" }));
console.log(`${url}/`);
