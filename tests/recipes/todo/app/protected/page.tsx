import { redirect } from "next/navigation";
import { Suspense } from "react";
import { createClient } from "@/lib/supabase/server";

// The template's own pages use the same client.
async function Claims() {
  const supabase = await createClient();
  const { data, error } = await supabase.auth.getClaims();
  if (error || !data?.claims) redirect("/auth/login");
  return JSON.stringify(data.claims);
}

export default function Page() {
  return (
    <Suspense>
      <Claims />
    </Suspense>
  );
}
