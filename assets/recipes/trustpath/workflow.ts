// kindeSrc/environment/workflows/FraudDetectionWorkflow.ts
//
// Asks TrustPath about every sign-in and sign-up, and denies what it declines. Kinde runs it after authentication.
//
// Environment variables, under Settings > Data management > Env variables:
//   KINDE_WF_M2M_CLIENT_ID      client ID of a machine to machine application with the scope read:users
//   KINDE_WF_M2M_CLIENT_SECRET  its secret, sensitive
//   TRUSTPATH_API_KEY           sensitive

import {
  createKindeAPI,
  denyAccess,
  fetch,
  getEnvironmentVariable,
  type onPostAuthenticationEvent,
  type WorkflowSettings,
  WorkflowTrigger,
} from "@kinde/infrastructure";

export const workflowSettings: WorkflowSettings = {
  id: "trustpathFraudDetection",
  name: "TrustPath fraud detection",
  trigger: WorkflowTrigger.PostAuthentication,
  // What happens when the workflow itself breaks off, a call that takes too long included: %%failure_words%%
  failurePolicy: { action: "%%failure_action%%" },
  bindings: {
    "kinde.env": {},
    "kinde.fetch": {},
    "kinde.auth": {},
    url: {},
    console: {},
  },
};

/** When TrustPath gives no answer that can be used: "open" lets people in, "closed" keeps them out. */
const ON_FAILURE = "%%on_failure%%" as "open" | "closed";
/** When TrustPath asks for a review: "allow" lets them in, "deny" keeps them out. */
const ON_REVIEW = "%%on_review%%" as "allow" | "deny";

const DECLINED = "You cannot sign in right now. If you think this is a mistake, contact support.";
const UNAVAILABLE = "You cannot sign in right now. Try again in a few minutes.";

type User = { preferred_email?: string | null; first_name?: string | null; last_name?: string | null };
type Verdict = "approve" | "review" | "decline" | "unknown";

export default async function FraudDetectionWorkflow(event: onPostAuthenticationEvent): Promise<void> {
  let verdict: Verdict = "unknown";
  try {
    verdict = await evaluate(event);
  } catch (error) {
    console.error("TrustPath gave no verdict", error instanceof Error ? error.message : "");
  }
  // Outside of the try: denying may itself end the workflow.
  if (verdict === "decline" || (verdict === "review" && ON_REVIEW === "deny")) {
    denyAccess(DECLINED);
  } else if (verdict === "unknown" && ON_FAILURE === "closed") {
    denyAccess(UNAVAILABLE);
  }
}

async function evaluate(event: onPostAuthenticationEvent): Promise<Verdict> {
  const apiKey = getEnvironmentVariable("TRUSTPATH_API_KEY")?.value;
  if (!apiKey) throw new Error("TRUSTPATH_API_KEY is not set");

  const kinde = await createKindeAPI(event);
  const { data: user } = (await kinde.get({ endpoint: `user?id=${encodeURIComponent(event.context.user.id)}` })) as {
    data?: User | null;
  };
  const body = JSON.stringify({
    ip: addressOf(event.request.ip),
    email: user?.preferred_email ?? undefined,
    user: {
      user_id: event.context.user.id,
      first_name: user?.first_name ?? undefined,
      last_name: user?.last_name ?? undefined,
    },
    event_type: event.context.auth.isNewUserRecordCreated ? "account_register" : "account_login",
  });

  const answer = await fetch<{ data?: { data?: { score?: { state?: unknown } } } }>(
    "https://api.trustpath.io/v1/risk/evaluate",
    {
      method: "POST",
      responseFormat: "json",
      headers: { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" },
      // The type knows forms alone; the runtime sends the text as it is.
      body: body as unknown as URLSearchParams,
    },
  );
  const state = answer?.data?.data?.score?.state;
  return state === "approve" || state === "review" || state === "decline" ? state : "unknown";
}

/** One address of those that Kinde was given. What stands first is what the browser's side said of itself. */
function addressOf(list: string): string {
  const all = list.split(",").map((address) => address.trim()).filter((address) => address !== "");
  return all.at(%%ip_index%%) ?? "";
}
