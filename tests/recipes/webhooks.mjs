// Serves the generated route as Next.js would: what it exports is answered, any other method is not.
import { load } from "./resolve.mjs";
import { serve } from "./tools.mjs";

const route = await load(process.argv[2]);
console.error = () => {};
const { url } = await serve((request) => route[request.method]?.(request) ?? new Response(null, { status: 405 }));
console.log(`${url}/api/kinde-webhook`);
