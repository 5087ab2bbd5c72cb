// Plays hooks.zapier.com: takes whatever comes, and keeps the body.
import { writeFileSync } from "node:fs";
import { home, serve } from "./tools.mjs";

const { url } = await serve(async (request) => {
  const good = request.method === "POST" && request.headers.get("content-type") === "application/jwt";
  if (!good) return new Response(null, { status: 400 });
  writeFileSync(`${home}/hook.body`, await request.text());
  return Response.json({ id: "1", request_id: "1", attempt: "1", status: "success" });
});
console.log(`${url}/hooks/catch/123456/abcDEF1/`);
