# Kinde as a login method of Cloudflare Zero Trust. The secret comes from TF_VAR_kinde_client_secret: set -a; . ./.env; set +a

terraform {
  required_providers {
    cloudflare = {
      source  = "cloudflare/cloudflare"
      version = "~> 5.0"
    }
  }
}

variable "cloudflare_account_id" {
  type = string
}

variable "kinde_client_secret" {
  type      = string
  sensitive = true
}

resource "cloudflare_zero_trust_access_identity_provider" "kinde" {
  account_id = var.cloudflare_account_id
  name       = %%name%%
  type       = "oidc"
  config = {
    client_id        = %%client_id%%
    client_secret    = var.kinde_client_secret
    auth_url         = %%auth_url%%
    token_url        = %%token_url%%
    certs_url        = %%certs_url%%
    scopes           = ["openid", "profile", "email"]
    pkce_enabled     = true
    email_claim_name = "email"
  }
}

# Must be the callback that Kinde allows: %%callback%%
output "redirect_url" {
  value = cloudflare_zero_trust_access_identity_provider.kinde.config.redirect_url
}
