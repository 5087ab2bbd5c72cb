// A route as Kinde's guide for Next.js has it: one client of the key set, made when the file is loaded, and no look at the age.
import jwt from "jsonwebtoken";
import jwksClient from "jwks-rsa";

const keys = jwksClient({ jwksUri: `${process.env["KINDE_ISSUER_URL"]}/.well-known/jwks.json` });

export async function POST(request: Request): Promise<Response> {
  try {
    const token = await request.text();
    const kid = jwt.decode(token, { complete: true })?.header.kid;
    jwt.verify(token, (await keys.getSigningKey(kid)).getPublicKey());
    return Response.json({ status: 200 });
  } catch (error) {
    return Response.json({ message: String(error) }, { status: 400 });
  }
}
