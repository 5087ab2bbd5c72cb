"""The Recipes room in the real window: each recipe once, made, registered and walked on the sandbox; files saved; and each of
its pages, those of tools with a room of their own too, in light and in dark."""

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

# Those with a room of their own.
ELSEWHERE = ["Resend SMTP", "Google Drive", "GitHub", "GitLab", "Patreon", "Discord", "Microsoft 365", "localtunnel", "ngrok"]


def in_both_themes(window, titles):
    """Opens every page of the room in light and in dark."""
    import at

    for theme in (names.LIGHT, names.DARK):
        window.click(names.SETTINGS, role=None)
        window.click(theme, at.TAB)
        tab = lambda: window.find(theme, at.TAB)  # noqa: E731
        window.until(lambda: tab().has("CHECKED") or tab().has("PRESSED"), 20, lambda: f"{theme} was not taken")
        window.click(names.RECIPES, role=None)
        window.wait(names.SEARCH_RECIPES, at.ENTRY)
        for title in [*titles, *ELSEWHERE]:
            window.click(title, role=None)
            window.wait(title, "heading")
            at.screenshot(f"recipe-{theme}-{title}".lower().replace(" ", "-"))
        print(f"opened in {theme.lower()}: {len(titles)} recipes, and {len(ELSEWHERE)} tools with a room of their own")


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
            files = name not in ("bravo-studio", "openid-provider")
            window.wait(" to a folder…" if files else "Copy Scope", at.BUTTON, exact=not files)
            at.screenshot(f"recipe-{name}")
            print("made", name)

        assert titles.keys() == BUTTON.keys(), "a recipe is missing here"
        in_both_themes(window, titles.values())

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
        window.click("Save 2 files to a folder…", at.BUTTON)
        window.type("Folder", str(folder))
        window.click("Save", at.BUTTON)
        # There is no such folder yet.
        window.click("Make it and save", at.BUTTON)
        print(window.wait_text("2 files were saved"))
        assert "RS256" in (folder / "app/api/kinde-webhook/route.ts").read_text()
        assert (folder / ".env.local").stat().st_mode & 0o777 == 0o600
