// What the counterparts share: a server around a fetch handler, the panel as a process, and assertions that say which one.
import { execFile, execFileSync, spawn } from "node:child_process";
import { createServer } from "node:http";
import { promisify } from "node:util";

export const home = process.env.COUNTERPARTS;

/** Serves `handle` on a free port; the address. */
export function serve(handle) {
  return new Promise((resolve) => {
    const server = createServer(async (incoming, outgoing) => {
      const chunks = [];
      for await (const chunk of incoming) chunks.push(chunk);
      const { method, headers } = incoming;
      const body = ["GET", "HEAD"].includes(method) ? undefined : Buffer.concat(chunks);
      try {
        const answer = await handle(new Request(`http://127.0.0.1${incoming.url}`, { method, headers, body }));
        outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
        outgoing.end(Buffer.from(await answer.arrayBuffer()));
      } catch (error) {
        console.error(error);
        outgoing.writeHead(500).end();
      }
    });
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      resolve({ url: `http://127.0.0.1:${port}`, close: () => server.close() });
    });
  });
}

/** Runs the panel; its JSON, whatever its exit code. */
export function panel(program, folder, ...words) {
  const options = { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
  try {
    return JSON.parse(execFileSync(program, ["--data-dir", folder, "--json", ...words], options));
  } catch (error) {
    if (error.stdout) return JSON.parse(error.stdout);
    throw error;
  }
}

/** The same without keeping this process from answering what the panel asks of it. */
export async function panelAsks(program, folder, ...words) {
  const done = await promisify(execFile)(program, ["--data-dir", folder, "--json", ...words]).catch((error) => error);
  return JSON.parse(done.stdout);
}

/** What `send` delivers: the body, exactly. */
export async function delivered(program, folder, ...words) {
  let body;
  const server = await serve(async (request) => {
    body = await request.text();
    return new Response(null, { status: 200 });
  });
  const child = spawn(program, ["--data-dir", folder, "--json", "send", ...words, "--to", `${server.url}/`], { stdio: "ignore" });
  await new Promise((resolve) => child.on("exit", resolve));
  server.close();
  if (body === undefined) throw new Error(`nothing was delivered: ${words.join(" ")}`);
  return body;
}

export function must(what, truth, detail = "") {
  if (!truth) {
    console.error(`FAILED: ${what}`, detail);
    process.exit(1);
  }
  console.log(`ok  ${what}`);
}
