"""Makes mutated tokens, judges them with PyJWT, and compares three verdicts a token. See run.sh."""

import base64
import collections
import json
import random
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def b64(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else data.encode()).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(value, size):
    return b64(value.to_bytes(size, "big"))


def rsa_sign(key, data):
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def pss_sign(key, data):
    return key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def ec_sign(key, data):
    r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def ed_sign(key, data):
    return key.sign(data)


def hmac_sign(secret, data):
    import hashlib
    import hmac

    return hmac.new(secret, data, hashlib.sha256).digest()


def make(count, seed):
    random.seed(seed)
    one, two = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    curve, edwards = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()

    def rsa_jwk(key, kid, alg):
        public = key.public_key().public_numbers()
        return {"kty": "RSA", "kid": kid, "alg": alg, "use": "sig", "n": number(public.n, 256), "e": "AQAB"}

    point = curve.public_key().public_numbers()
    raw = edwards.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    jwks = {
        "keys": [
            rsa_jwk(one, "r", "RS256"),
            rsa_jwk(two, "p", "PS256"),
            {"kty": "EC", "kid": "e", "alg": "ES256", "crv": "P-256", "x": number(point.x, 32), "y": number(point.y, 32)},
            {"kty": "OKP", "kid": "o", "alg": "EdDSA", "crv": "Ed25519", "x": b64(raw)},
        ]
    }
    json.dump(jwks, open("jwks.json", "w"))
    pem = one.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    signers = {
        "r": ("RS256", lambda data: rsa_sign(one, data)),
        "p": ("PS256", lambda data: pss_sign(two, data)),
        "e": ("ES256", lambda data: ec_sign(curve, data)),
        "o": ("EdDSA", lambda data: ed_sign(edwards, data)),
    }
    payloads = [
        '{"iss":"https://a.example","exp":4000000000,"sub":"kp_1"}',
        '{"type":"user.updated","data":{"user":{"id":"kp_1"}},"event_id":"event_1","timestamp":"2024-05-01T17:41:45Z"}',
        "foo",
        "",
        '{"a":1,"a":2}',
    ]

    def sign(header, payload, kid):
        text = b64(header) + "." + b64(payload)
        return text + "." + b64(signers[kid][1](text.encode()))

    def header_of(kid, **more):
        return json.dumps({"alg": signers[kid][0], "kid": kid, **more}, separators=(",", ":"))

    def good():
        kid = random.choice("rrrreepo")
        return kid, sign(header_of(kid), random.choice(payloads), kid)

    pool = [good() for _ in range(200)]

    # Each answers a line and the genuine token it came of, or None where it is signed anew.
    def flip(_, token):
        at = random.randrange(len(token))
        return token[:at] + chr(random.randrange(256)) + token[at + 1 :]

    def neighbour(_, token):
        at = random.randrange(len(token))
        return token[:at] + random.choice(ALPHABET) + token[at + 1 :]

    def insert(_, token):
        at = random.randrange(len(token) + 1)
        return token[:at] + random.choice([" ", "=", ".", "?", "+", "/", "\t", "\0", "\u200b", "A", "-"]) + token[at:]

    def delete(_, token):
        at = random.randrange(len(token))
        return token[:at] + token[at + random.choice([1, 1, 1, 2, 4, 50]) :]

    def cut(_, token):
        return token[: random.randrange(1, len(token))]

    def parts(_, token):
        header, payload, signature = token.split(".")
        return random.choice(
            [
                f"{payload}.{header}.{signature}",
                f"{header}.{payload}",
                f"{header}.{payload}.",
                f"{header}..{signature}",
                f".{payload}.{signature}",
                f"{header}.{payload}.{signature}.",
                f"{header}.{payload}.{signature}.{signature}",
                f"{header}.{payload}.{signature}{signature}",
            ]
        )

    def last_bits(_, token):
        pieces = token.split(".")
        at = random.randrange(3)
        if pieces[at]:
            value = ALPHABET.index(pieces[at][-1])
            pieces[at] = pieces[at][:-1] + ALPHABET[value ^ random.randrange(1, 16)]
        return ".".join(pieces)

    def padded(_, token):
        pieces = token.split(".")
        pieces[random.randrange(3)] += random.choice(["=", "==", "===", "AA==", "\t", " "])
        return ".".join(pieces)

    def plain(_, token):
        return token.replace("-", "+").replace("_", "/")

    def crossed(_, token):
        other = random.choice(pool)[1].split(".")
        pieces = token.split(".")
        at = random.randrange(3)
        pieces[at] = other[at]
        return ".".join(pieces)

    def edited(_, token):
        header, payload, signature = token.split(".")
        text = unb64(payload).decode() + random.choice([" ", "\n", "x"])
        return f"{header}.{b64(text)}.{signature}"

    def headed(_, token):
        header, payload, signature = token.split(".")
        parsed = json.loads(unb64(header))
        parsed[random.choice(["alg", "kid", "typ", "b64", "crit", "jwk", "x"])] = random.choice(
            ["none", "None", "HS256", "RS256", "PS256", "ES256", "EdDSA", "r", "e", None, True, False, [], ["b64"], {}, 1]
        )
        return f"{b64(json.dumps(parsed))}.{payload}.{signature}"

    def none(_, token):
        payload = token.split(".")[1]
        return f"{b64(json.dumps({'alg': random.choice(['none', 'None', 'NONE', 'nOnE', ''])}))}.{payload}."

    def confused(_, token):
        text = b64(json.dumps({"alg": "HS256", "kid": "r"})) + "." + token.split(".")[1]
        secret = random.choice([pem, pem.strip(), b"", json.dumps(jwks["keys"][0]).encode()])
        return text + "." + b64(hmac_sign(secret, text.encode()))

    def zeros(kid, token):
        size = {"e": 64, "o": 64}.get(kid, 256)
        pieces = token.rsplit(".", 1)
        value = random.choice([bytes(size), b"\xff" * size, bytes(size - 1) + b"\x01", b"\x01", bytes(size // 2) + b"\x01" * (size // 2)])
        return f"{pieces[0]}.{b64(value)}"

    def twisted(kid, token):
        # (r, n - s) is the other valid signature of ECDSA; elsewhere it is garbage.
        head, signature = token.rsplit(".", 1)
        raw = unb64(signature)
        order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
        half = len(raw) // 2
        if kid == "e":
            raw = raw[:half] + ((order - int.from_bytes(raw[half:], "big")) % order).to_bytes(half, "big")
        return f"{head}.{b64(raw)}"

    def signed_header(kid, _):
        extra = random.choice(
            [
                {"crit": ["exp"], "exp": 1},
                {"crit": []},
                {"crit": None},
                {"b64": False, "crit": ["b64"]},
                {"b64": True},
                {"jwk": {"kty": "oct", "k": "AA"}},
                {"jku": "https://a.example"},
                {"typ": "JWT"},
                {"typ": 1},
                {"cty": "JWT"},
                {"zip": "DEF"},
                {"x": {"a": [1, 2, 3]}},
            ]
        )
        return sign(header_of(kid, **extra), random.choice(payloads), kid)

    def signed_text(kid, _):
        alg = signers[kid][0]
        header = random.choice(
            [
                f'{{"alg":"{alg}","kid":"{kid}","kid":"{kid}"}}',
                f'{{"alg":"none","alg":"{alg}","kid":"{kid}"}}',
                f' {{"alg":"{alg}","kid":"{kid}"}} ',
                f'{{"alg":"{alg}","kid":"{kid}",}}',
                f'{{"alg":"{alg}"}}',
                f'{{"alg":"{alg.lower()}","kid":"{kid}"}}',
                f'{{"alg":"{alg} ","kid":"{kid}"}}',
                f'{{"alg":["{alg}"],"kid":"{kid}"}}',
                f'{{"alg":"{alg}","kid":["{kid}"]}}',
                f'{{"alg":"{alg}","kid":"nobody"}}',
                f'{{"\\u0061lg":"{alg}","kid":"{kid}"}}',
                f'\ufeff{{"alg":"{alg}","kid":"{kid}"}}',
                f'["{alg}"]',
                "foo",
            ]
        )
        return sign(header, random.choice(payloads), kid)

    def misdirected(kid, _):
        other = random.choice([k for k in signers if k != kid])
        return sign(json.dumps({"alg": random.choice([signers[kid][0], signers[other][0]]), "kid": other}), "foo", kid)

    def genuine(_, token):
        return token

    changes = [
        flip, neighbour, neighbour, insert, delete, cut, parts, last_bits, padded, plain, crossed, edited, headed, none,
        confused, zeros, twisted, signed_header, signed_text, misdirected, genuine,
    ]  # fmt: skip
    with open("tokens.txt", "w", newline="") as tokens, open("of.ndjson", "w") as notes:
        made = 0
        while made < count:
            kid, token = random.choice(pool)
            change = random.choice(changes)
            line = change(kid, token)
            if random.random() < 0.1:
                line = random.choice([flip, neighbour, insert, delete])(kid, line or "x")
            # One token a line: no line end inside, and none of the marks that only some readers take for one.
            if not line.strip() or any(mark in line for mark in "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"):
                continue
            made += 1
            tokens.write(line + "\n")
            notes.write(json.dumps({"change": change.__name__, "of": token}) + "\n")


def pyjwt():
    from jwt import PyJWK, PyJWS

    keys = {key["kid"]: (PyJWK(key).key, key["alg"]) for key in json.load(open("jwks.json"))["keys"]}
    with open("pyjwt.txt", "w") as out:
        for line in open("tokens.txt", newline="").read().split("\n")[:-1]:
            good = 0
            # A token that names no key may be of any.
            for key, alg in keys.values():
                try:
                    kid = PyJWS().get_unverified_header(line).get("kid")
                    if kid is None or keys.get(kid, (None,))[0] is key:
                        PyJWS().decode(line, key, algorithms=[alg])
                        good = 1
                except Exception:  # whatever it is, it is no verification
                    pass
            out.write(f"{good}\n")


def compare():
    lines = open("tokens.txt", newline="").read().split("\n")[:-1]
    notes = [json.loads(line) for line in open("of.ndjson")]
    theirs = [[line == "1\n" for line in open(name)] for name in ("pyjwt.txt", "jose.txt")]
    ours = [json.loads(line) for line in open("panel.ndjson")]
    assert len(lines) == len(ours) == len(notes) == len(theirs[0]) == len(theirs[1]), "one verdict a token"
    table, stricter, wrong = collections.Counter(), collections.Counter(), []
    for line, note, own, pyjwt, jose in zip(lines, notes, ours, *theirs):
        verified = own["verdict"] == "verified"
        table[(verified, pyjwt, jose)] += 1
        if verified and not pyjwt and not jose:
            # A pasted text is cleaned at its ends, and the others clean nothing: the genuine token is in it, whole.
            if not (own["cleaned"] and note["of"] in line):
                wrong.append((note["change"], line))
        if not verified and pyjwt and jose:
            failing = next(check for check in own["checks"] if check["verdict"] == "fail")
            stricter[f"{failing['name']}: {failing['why'][:70]}"] += 1
    print("panel  PyJWT  jose   tokens")
    for verdicts, number in sorted(table.items(), reverse=True):
        print("".join(f"{'yes' if verdict else 'no':7}" for verdict in verdicts) + str(number))
    print("Refused here though both accept:")
    for why, number in stricter.most_common():
        print(f"{number:7} {why}")
    for change, line in wrong[:20]:
        print(f"WRONG {change}: {line}")
    print(f"{len(lines)} tokens, {len(wrong)} verified here and refused by both")
    sys.exit(bool(wrong))


match sys.argv[1]:
    case "make":
        make(int(sys.argv[2]), int(sys.argv[3]))
    case "pyjwt":
        pyjwt()
    case "compare":
        compare()
