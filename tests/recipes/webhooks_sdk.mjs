// Kinde's own decoder takes the sandbox's event, and none of its forgeries.
import { decodeWebhook } from "@kinde/webhooks";
import { delivered, must } from "./tools.mjs";

const [program, folder] = process.argv.slice(2);
const issuer = process.env.ISSUER;
const event = await decodeWebhook(await delivered(program, folder, "user.created"), issuer);
must("a genuine event", event?.type === "user.created");
for (const forge of ["other-key", "alg-none", "key-confusion-pem", "tampered-payload"]) {
  const decoded = await decodeWebhook(await delivered(program, folder, "user.created", "--forge", forge), issuer).catch(() => null);
  must(`${forge} is refused`, !decoded);
}
