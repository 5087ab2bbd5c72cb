// Stands in for the session of Kinde's SDK, which only Next.js can run: whoever `session` says is signed in.
export const session = { idToken: null };
export const getKindeServerSession = () => ({ getIdTokenRaw: async () => session.idToken });
