//! The walk of a connected app: auth URL, browser, token, proof, revoke.
