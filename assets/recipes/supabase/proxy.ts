// lib/supabase/proxy.ts
//
// The template refreshes Supabase's own session here, and sends whoever has none to its own sign-in. There is none: Kinde keeps
// the session, in cookies of its own, and its sign-in is under /api/auth. Newer templates call this file proxy.ts, older ones
// middleware.ts; the same code serves both.

import { NextResponse, type NextRequest } from "next/server";

export async function updateSession(request: NextRequest): Promise<NextResponse> {
  return NextResponse.next({ request });
}
