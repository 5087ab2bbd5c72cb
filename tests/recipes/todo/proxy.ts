// An app in the shape of the template that the guide starts from, as it is since Next.js 16: the generated files are put into
// it and it is built, started and used.
import type { NextRequest } from "next/server";
import { updateSession } from "@/lib/supabase/proxy";

export const proxy = (request: NextRequest) => updateSession(request);

export const config = { matcher: ["/((?!_next/static|_next/image|favicon.ico).*)"] };
