"""The Recipes room in the real window: each recipe once, made, registered and walked on the sandbox; files saved."""

import json
import subprocess

import names
from panel import DATA, DESKTOP, PROGRAM, Panel

# What is typed on each page before its button is pressed.
TYPED = {
    "bravo-studio": {"Bravo's callback": "https://A01JMF0X.callbacks.bravostudio.app/"},
    "campaign-state": {"Source": "reddit"},
    "cloudflare-zero-trust": {"Team": "mirosaurus"},
    "openid-provider": {"The tool's callback": "https://tool.example.com/oidc/callback"},
    "shopify-multipass": {"Store": "acme"},
    "supabase": {"Supabase project": "abcdefghijklmnopqrst"},
    "wordpress": {"WordPress address": "https://blog.example.com"},
}
BUTTON = {
    "bravo-studio": "Register the callbacks",
    "campaign-state": "Write the sender and the receiver",
    "cloudflare-zero-trust": "Register the callback",
    "edge-workers": "Write the worker",
    "nextjs": "Write route.ts",
    "openid-provider": "Register the callback",
    "shopify-multipass": "Write the Multipass route",
    "supabase": "Write the app's files",
    "trustpath": "Write the workflow",
    "wordpress": "Write the constants",
    "zapier": "Write the Code step",
}


def command(*words):
    """Runs the program beside the window; what it said."""
    words = [PROGRAM, "--data-dir", str(DATA), "--json", "--profile", "sandbox", *words]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    return json.loads(done.stdout)


def recipes():
    import at

    titles = {recipe["name"]: recipe["title"] for recipe in command("recipe", "list")["recipes"]}
    with Panel() as panel:
        window = at.App(panel.process)
        window.click(names.EXPLORE, role=None)
        window.click(names.RECIPES, role=None)
        window.wait(names.SEARCH_RECIPES, at.ENTRY)
        for name, title in titles.items():
            window.click(title, role=None)
            window.wait("Set up", at.TAB)
            for field, text in TYPED.get(name, {}).items():
                window.type(field, text)
            window.click(BUTTON[name], at.BUTTON)
            window.wait("Save to folder…" if name not in ("bravo-studio", "openid-provider") else "Copy Scope", at.BUTTON)
            at.screenshot(f"recipe-{name}")
            print("made", name)

        # What would change is shown, and then done.
        window.click(titles["openid-provider"], role=None)
        window.click(names.APPLY_CALLBACK, at.BUTTON)
        print(window.wait_text("seen in the tenant"))
        at.screenshot("recipe-applied")

        # Walked on this machine.
        window.click("More", at.BUTTON)
        window.click("Simulate on this machine", role=None)
        print(window.wait_text("against the sandbox", patience=60))
        at.screenshot("recipe-simulated")
        states = {recipe["name"]: recipe["state"] for recipe in command("recipe", "list")["recipes"]}
        assert states["openid-provider"] == "simulated" and states["nextjs"] == "generated", states

        # The files of one are saved.
        folder = DESKTOP / "app"
        window.click(titles["nextjs"], role=None)
        window.click("Save to folder…", at.BUTTON)
        window.type("Folder", str(folder))
        window.click("Save", at.BUTTON)
        print(window.wait_text("2 files were saved"))
        assert "RS256" in (folder / "app/api/kinde-webhook/route.ts").read_text()
        assert (folder / ".env.local").stat().st_mode & 0o777 == 0o600
