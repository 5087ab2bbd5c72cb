// lib/supabase/middleware.ts
//
// The template refreshes Supabase's own session here. There is none: Kinde keeps the session, in cookies of its own.

import { NextResponse, type NextRequest } from "next/server";

export async function updateSession(request: NextRequest): Promise<NextResponse> {
  return NextResponse.next({ request });
}
