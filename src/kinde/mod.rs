//! Kinde's own side of the wire: the Management API, the token endpoint, the key sets.
