//! Signs with the sandbox's own key, as the sandbox does.

use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, RsaKeyPair};
use base64::Engine as _;
use kinde_panel::jwt::encode_base64url as b64;
use serde_json::{Value, json};

/// The key of the sandbox in a data folder.
pub struct Signer {
    pair: RsaKeyPair,
    kid: String,
}

impl Signer {
    /// Reads the key, making it where there is none.
    pub fn of(folder: &Path) -> Self {
        let sandbox = folder.join("sandbox");
        std::fs::create_dir_all(&sandbox).unwrap();
        let facts = kinde_panel::sandbox::facts(&sandbox).unwrap();
        let jwks: Value = serde_json::from_str(&facts.jwks).unwrap();
        let pem = std::fs::read_to_string(sandbox.join("signing-key.pem")).unwrap();
        let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
        Self { pair: RsaKeyPair::from_pkcs8(&der).unwrap(), kid: jwks["keys"][0]["kid"].as_str().unwrap().to_owned() }
    }

    /// A token over `claims`.
    pub fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "RS256", "kid": self.kid, "typ": "JWT"}).to_string();
        let signed = format!("{}.{}", b64(header.as_bytes()), b64(claims.to_string().as_bytes()));
        let mut bytes = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut bytes).unwrap();
        format!("{signed}.{}", b64(&bytes))
    }
}
