using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .w),
    # The sandbox, whose keys it fetches, is on this machine.
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:%PORT%", http = (), service = "main")],
);

const w :Workerd.Worker = (
  modules = [
    (name = "index.js", esModule = embed "js/edge-cloudflare/src/index.js"),
    (name = "verify-kinde-token", esModule = embed "js/edge-cloudflare/src/verify-kinde-token.js"),
  ],
  compatibilityDate = "2026-01-01",
  bindings = [
    (name = "KINDE_ISSUER_URL", text = "%ISSUER%"),
    (name = "KINDE_AUDIENCE", text = "https://api.example.com"),
    (name = "KINDE_CLIENT_IDS", text = ""),
  ],
);
