// lib/supabase/proxy.ts
//
// The template refreshes Supabase's own session here, and sends whoever has none to its own sign-in. There is none: Kinde keeps
// the session, in cookies of its own, and its sign-in is under /api/auth. Its tokens expire after an hour or so, and only here
// can new ones be written into the cookies before a page reads them. Newer templates call this file proxy.ts, older ones
// middleware.ts; the same code serves both.

import { withAuth } from "@kinde-oss/kinde-auth-nextjs/middleware";
import { NextResponse, type NextRequest } from "next/server";

export async function updateSession(request: NextRequest): Promise<NextResponse> {
  // Nobody signed in: every page is open to them. Signing in and out must not wait for a session that has ended.
  if (!request.cookies.has("id_token") || request.nextUrl.pathname.startsWith("/api/auth/")) {
    return NextResponse.next({ request });
  }
  // Refreshes what has expired; where Kinde refuses that, the person signs in again and comes back to this page.
  return (await withAuth(request, { isReturnToCurrentPage: true })) as NextResponse;
}
