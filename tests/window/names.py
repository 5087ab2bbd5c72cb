"""What the controls of the panel are called. The only place of the window tests that knows the panel's words."""

# First start
EXPLORE = "Explore with the sandbox"
CONNECT_TENANT = "Connect your Kinde tenant"

# Rail
TENANT = "Tenant"
CONNECTED_APPS = "Connected apps"
WEBHOOKS = "Webhooks"
INSPECTOR = "Inspector"
EMAIL = "Email"
RECIPES = "Recipes"
ACTIVITY = "Activity"
SETTINGS = "Settings"
SANDBOX = "Sandbox"
ROOMS = [TENANT, CONNECTED_APPS, WEBHOOKS, INSPECTOR, EMAIL, RECIPES, SANDBOX, ACTIVITY, SETTINGS]

# Connected apps
APP = "github"  # the row of an app carries its Reference key
OTHER_USER = "grace@"
CONNECT = "Connect"
CANCEL = "Cancel"
REVOKE = "Revoke"
CONFIRM_REVOKE = None  # the button of a confirmation, where there is one
PROVED = "now holds GitHub account"
REVOKED = "Revoked"
WAITING = "If you pressed Deny"
CANCELLED = "Cancelled. "
TIMED_OUT = "Not connected: not confirmed in time"
DENIED = "Not connected: the consent was refused"
DENIED_FIX = "Connect again and allow it"
OPTIONS = "Options"
BRING_BACK = "Bring me back to the panel"

# Inspector
LISTEN = "Listen"
SEND_HERE = "Send this tenant's events here"
SEND_EVENTS = "Send events here"

# Recipes
SEARCH_RECIPES = "Search recipes"
APPLY_CALLBACK = "Apply: Register the callback"

# Webhooks
NEW_WEBHOOK = "New webhook"
NAME = "Name"
ENDPOINT = "Endpoint"
CREATE_WEBHOOK = "Create webhook"
CREATED = "Created, with the id"
REVIEW = "Save…"
SAVE_CHANGES = "Save changes"
REPLACE = "Replace webhook"
REPLACED = "The new id is"
DELETE = "Delete…"
CONFIRM_DELETE = "Delete webhook"
DELETED = "was deleted"
UNDO = "Undo"
UNDONE = "Its new id is"

# Email
SANDBOX_SMTP = "Use the sandbox's SMTP"
SERVER_NAME = "Server name"
PASSWORD = "Password"
CHECK_SERVER = "Check the server"
SEND_TEST = "Send test email"
READ_IN_SANDBOX = "Read it in the sandbox"
TRANSCRIPT = "Transcript"
HAND_OVER = "Hand-over"
IT_FAILED = "It failed, the message was …"
WHAT_KINDE_SAID = "What Kinde said"

# Sandbox
SEND_EVENT = "Send event"
ROTATE_KEEP = "Rotate, keep the old key"
ROTATE_DROP = "Rotate, drop every old key"
PLAN_ALLOWS = "Plan allows"
SET_LIMIT = "Set limit"

# The provider's consent page
ALLOW = "Allow"
DENY = "Deny"

# Tenant, a new profile
DOMAIN = "Kinde domain"
ADD_M2M = "Add M2M application"
CLIENT_ID = "Client ID"
CLIENT_SECRET = "Client secret"
SAVE = "Save"
CHECK_DOMAIN = "Check domain"
SAVED = "Kinde gave a token"
NO_KEYRING = "No keyring: secrets are kept for this run only"
KEPT_FOR_THIS_RUN = "The client secret is kept for this run"
CHECK_AGAIN = "Check again"
REMOVE_PROFILE = "Remove profile"
REMOVE_ANYWAY = "Remove anyway"

# Activity: the parts of an exchange, and a text that stands in each
PARTS = [("Answer", "Answer headers"), ("Request", "Request headers"), ("curl", "/oauth2/token")]

# Where it cannot start
CANNOT_START = "Kinde Panel cannot start"
QUIT = "Quit"

# Settings
LIGHT = "Light"
DARK = "Dark"
ZOOM_IN = "Zoom in"
