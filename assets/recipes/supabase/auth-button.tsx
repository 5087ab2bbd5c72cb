// components/auth-button.tsx

import { LoginLink, LogoutLink, RegisterLink } from "@kinde-oss/kinde-auth-nextjs/components";
import { getKindeServerSession } from "@kinde-oss/kinde-auth-nextjs/server";
import { Button } from "./ui/button";

export async function AuthButton() {
  const user = await getKindeServerSession().getUser();
  if (user) {
    return (
      <div className="flex items-center gap-4">
        Hey, {user.email ?? user.given_name ?? "you"}!
        <LogoutLink className="text-subtle">Log out</LogoutLink>
      </div>
    );
  }
  return (
    <div className="flex gap-2">
      <Button asChild size="sm" variant="outline">
        <LoginLink>Sign in</LoginLink>
      </Button>
      <Button asChild size="sm" variant="default">
        <RegisterLink>Sign up</RegisterLink>
      </Button>
    </div>
  );
}
