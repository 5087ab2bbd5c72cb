import { Suspense } from "react";
import { AuthButton } from "@/components/auth-button";
import { Hero } from "@/components/hero";
import { isSetUp } from "@/lib/utils";

// The button stands in a Suspense of the page's, the list in none.
export default function Page() {
  return (
    <main>
      <nav>{isSetUp ? <Suspense><AuthButton /></Suspense> : <p>The environment is not set up</p>}</nav>
      <Hero />
    </main>
  );
}
