//! The pages a person sees in the browser. No script; every text that is not ours is escaped.

use super::ask::Reply;

const PAGE: &str = include_str!("../../assets/sandbox/page.html");

/// `text` for HTML, in content and in quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// Fills the frame: `title` is escaped here, `body` is HTML already.
fn frame(title: &str, body: &str) -> String {
    // One pass over the template: text put in is never looked at for another mark.
    let mut out = String::with_capacity(PAGE.len() + body.len());
    let mut rest = PAGE;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((mark, after)) = after.split_once("}}") else { break };
        match mark {
            "title" => out.push_str(&escape(title)),
            "body" => out.push_str(body),
            _ => {}
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// What the consent page shows.
pub struct Consent<'a> {
    /// The provider's name.
    pub provider: &'a str,
    /// One letter for the provider's mark, and its colour.
    pub mark: (&'a str, &'a str),
    /// The name of the app that asks.
    pub app: &'a str,
    /// Who is signed in there.
    pub account: &'a str,
    /// Their email address.
    pub email: &'a str,
    /// What is asked for, in words.
    pub scopes: Vec<(String, String)>,
    /// Where the form goes: this very page.
    pub action: String,
    /// Where the browser goes afterwards.
    pub back_to: &'a str,
}

/// The provider's consent page: a form with the buttons Allow and Deny.
pub fn consent(page: &Consent<'_>) -> Reply {
    let list: String = page
        .scopes
        .iter()
        .map(|(words, scope)| {
            let code = if scope.is_empty() { String::new() } else { format!("<code>{}</code>", escape(scope)) };
            format!("<li><span>{}</span>{code}</li>", escape(words))
        })
        .collect();
    let (app, provider) = (escape(page.app), escape(page.provider));
    let body = format!(
        r#"<header><span class="mark" style="background:{colour}" aria-hidden="true">{letter}</span><span class="who">{provider}</span><span class="tag">sandbox stand-in</span></header>
<h1>{app} wants to access your {provider} account</h1>
<p class="account"><span class="face" aria-hidden="true">{initial}</span><span><strong>{account}</strong><br><span class="quiet">{email}</span></span></p>
<h2>This will let {app}</h2>
<ul>{list}</ul>
<form method="post" action="{action}">
<button name="decision" value="deny">Deny</button>
<button name="decision" value="allow" class="primary">Allow</button>
</form>
<p class="quiet small">You will be sent back to {back}. Nothing here reaches the real {provider}.</p>"#,
        colour = escape(page.mark.1),
        letter = escape(page.mark.0),
        initial = escape(&page.account.chars().next().unwrap_or('?').to_uppercase().to_string()),
        account = escape(page.account),
        email = escape(page.email),
        action = escape(&page.action),
        back = escape(page.back_to),
    );
    Reply::page(200, frame(&format!("Authorize {} · {}", page.app, page.provider), &body))
}

/// Somebody who may sign in.
pub struct Person {
    /// The user's id: what the button sends.
    pub id: String,
    /// First and last name.
    pub name: String,
    /// Email address; empty where there is none.
    pub email: String,
}

/// What the sign-in page shows.
pub struct SignIn<'a> {
    /// The name of the application that asks.
    pub app: &'a str,
    /// Who may sign in.
    pub people: Vec<Person>,
    /// What is asked for, as OAuth spells it.
    pub scopes: &'a [String],
    /// Where the form goes: this very page.
    pub action: String,
    /// Where the browser goes afterwards.
    pub back_to: &'a str,
}

/// The tenant's sign-in page: one button a person, and Cancel.
pub fn sign_in(page: &SignIn<'_>) -> Reply {
    let people: String = page
        .people
        .iter()
        .map(|person| {
            let (name, email) = (escape(&person.name), escape(&person.email));
            let initial = escape(&person.name.chars().next().unwrap_or('?').to_uppercase().to_string());
            format!(
                r#"<button name="user" value="{id}" class="person" aria-label="Continue as {name}"><span class="face" aria-hidden="true">{initial}</span><span><strong>{name}</strong><br><span class="quiet">{email}</span></span></button>"#,
                id = escape(&person.id),
            )
        })
        .collect();
    let people =
        if people.is_empty() { r#"<p class="quiet">This tenant has no users.</p>"#.to_owned() } else { people };
    let scopes = if page.scopes.is_empty() { "nothing".to_owned() } else { escape(&page.scopes.join(" ")) };
    let body = format!(
        r#"<header><span class="mark" style="background:#16181d" aria-hidden="true">K</span><span class="who">Sandbox</span><span class="tag">sandbox tenant</span></header>
<h1>Sign in to {app}</h1>
<form method="post" action="{action}" class="people">{people}
<button name="decision" value="cancel" formnovalidate>Cancel</button>
</form>
<p class="quiet small">Asked for: <span>{scopes}</span>. You will be sent back to {back}. Nobody here is real, so nobody needs a password.</p>"#,
        app = escape(page.app),
        action = escape(&page.action),
        back = escape(page.back_to),
    );
    Reply::page(200, frame(&format!("Sign in · {}", page.app), &body))
}

/// A page that says what went wrong.
pub fn error_page(status: u16, title: &str, text: &str) -> Reply {
    let body = format!("<h1>{}</h1><p>{}</p>", escape(title), escape(text));
    Reply::page(status, frame(title, &body))
}

/// The page at the end of the walk.
pub fn landing(good: bool, title: &str, text: &str) -> Reply {
    let (class, sign) = if good { ("good", "✓") } else { ("bad", "✕") };
    let body = format!(
        r#"<header><span class="mark {class}" aria-hidden="true">{sign}</span></header><h1>{}</h1><p>{}</p>"#,
        escape(title),
        escape(text)
    );
    Reply::page(200, frame(title, &body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_stays_text() {
        let reply = landing(false, "{{body}}", "<script>alert(1)</script>\" onload='x' {{title}}");
        let html = String::from_utf8(reply.body).unwrap();
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("&lt;script&gt;") && html.contains("&quot; onload=&#39;x&#39;"));
        assert!(html.contains("{{title}}"), "put-in text is not looked at again");
    }
}
