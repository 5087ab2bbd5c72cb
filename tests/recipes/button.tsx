import type { ButtonHTMLAttributes } from "react";

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  asChild?: boolean;
  size?: "sm" | "default";
  variant?: "outline" | "default";
};

export function Button({ asChild: _as, size: _size, variant: _variant, ...rest }: Props) {
  return <button {...rest} />;
}
