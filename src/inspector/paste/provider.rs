//! Tokens that only their provider can read, told by how they start.

/// What a token of a provider is called, where `text` is one by its prefix.
pub fn provider_token(text: &str) -> Option<&'static str> {
    const PREFIXES: [(&str, &str); 24] = [
        ("gho_", "GitHub OAuth token"),
        ("ghu_", "GitHub user-to-server token"),
        ("ghs_", "GitHub server-to-server token"),
        ("ghr_", "GitHub refresh token"),
        ("ghp_", "GitHub personal access token"),
        ("github_pat_", "GitHub personal access token"),
        ("ya29.", "Google access token"),
        ("1//0", "Google refresh token"),
        ("AIza", "Google API key"),
        ("glpat-", "GitLab personal access token"),
        ("gloas-", "GitLab OAuth application secret"),
        ("glrt-", "GitLab runner token"),
        ("xoxb-", "Slack bot token"),
        ("xoxp-", "Slack user token"),
        ("xapp-", "Slack app token"),
        ("EwA", "Microsoft access token"),
        ("EwB", "Microsoft access token"),
        ("EwC", "Microsoft access token"),
        ("EwD", "Microsoft access token"),
        ("M.C5", "Microsoft refresh token"),
        ("sk_live_", "Stripe secret key"),
        ("sk_test_", "Stripe secret key"),
        ("shpat_", "Shopify access token"),
        ("re_", "Resend API key"),
    ];
    // A JWT starts with the base64url of `{"`, which none of these does.
    let bare = text.trim();
    let (_, name) = PREFIXES.iter().find(|(prefix, _)| bare.starts_with(prefix))?;
    (bare.len() >= 12 && !bare.contains(char::is_whitespace)).then_some(name)
}
