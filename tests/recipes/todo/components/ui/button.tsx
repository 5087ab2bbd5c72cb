import { Slot } from "@radix-ui/react-slot";
import type { ButtonHTMLAttributes } from "react";

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  asChild?: boolean;
  size?: "sm" | "default";
  variant?: "outline" | "default";
};

export function Button({ asChild = false, size, variant, ...rest }: Props) {
  const Part = asChild ? Slot : "button";
  return <Part data-size={size} data-variant={variant} {...rest} />;
}
