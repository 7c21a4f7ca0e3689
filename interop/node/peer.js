// The libraries of Node that sign, verify, encrypt, decrypt and send, one request a line on
// standard input, one answer a line on standard output.
"use strict";
const crypto = require("crypto");
const fs = require("fs");
const os = require("os");
const path = require("path");
const readline = require("readline");
const { DOMParser } = require("@xmldom/xmldom");
const xpath = require("xpath");
const { SignedXml } = require("xml-crypto");
const xmlenc = require("xml-encryption");

const DS = "http://www.w3.org/2000/09/xmldsig#";

// What the libraries complain about is in the answers.
console.error = console.warn = () => {};

// xml-crypto has HMAC with SHA-1, and a place for methods of one's own.
class HmacSha256 {
  getSignature(info, key) { return crypto.createHmac("sha256", key).update(info).digest("base64"); }
  verifySignature(info, key, value) { return this.getSignature(info, key) === value; }
  getAlgorithmName() { return "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"; }
}

function withSecret(sig, q) {
  if (!q.secret) return sig;
  sig.enableHMAC();
  sig.SignatureAlgorithms[new HmacSha256().getAlgorithmName()] = HmacSha256;
  sig.privateKey = Buffer.from(q.secret, "base64");
  return sig;
}

// verify checks the signature at a path and returns what it says was signed.
function verify(q) {
  const signature = xpath.select1(q.at || `//*[local-name(.)='Signature' and namespace-uri(.)='${DS}']`, new DOMParser().parseFromString(q.xml, "text/xml"));
  if (!signature) throw new Error("no signature");
  const sig = withSecret(new SignedXml({ publicCert: q.cert, getCertFromKeyInfo: () => null, idAttribute: q.idAttribute }), q);
  sig.loadSignature(signature);
  if (!sig.checkSignature(q.xml)) throw new Error("a digest is wrong");
  return { signed: sig.getSignedReferences() };
}

function sign(q) {
  const sig = withSecret(new SignedXml({
    privateKey: q.key, publicCert: q.cert, signatureAlgorithm: q.method, canonicalizationAlgorithm: q.c14n, idMode: q.idMode, inclusiveNamespacesPrefixList: q.infoPrefixes,
  }), q);
  for (const r of q.references) {
    sig.addReference({ xpath: r.xpath, transforms: r.transforms, digestAlgorithm: q.digest, inclusiveNamespacesPrefixList: r.prefixes, isEmptyUri: r.whole });
  }
  sig.computeSignature(q.xml, { prefix: q.prefix, location: { reference: q.into, action: "append" } });
  return { xml: sig.getSignedXml() };
}

function encrypt(q) {
  return new Promise((resolve, reject) => xmlenc.encrypt(q.plain, {
    rsa_pub: crypto.createPublicKey(q.cert).export({ type: "spki", format: "pem" }), pem: q.cert,
    encryptionAlgorithm: q.cipher, keyEncryptionAlgorithm: q.transport, keyEncryptionDigest: q.digest || undefined, keyEncryptionMgf: q.mgf || undefined,
    keyEncryptionOaepParams: q.params || undefined, disallowEncryptionWithInsecureAlgorithm: false, warnInsecureAlgorithm: false,
  }, (err, xml) => (err ? reject(err) : resolve({ xml }))));
}

function decrypt(q) {
  return new Promise((resolve, reject) => xmlenc.decrypt(q.xml, { key: q.key, disallowDecryptionWithInsecureAlgorithm: false, warnInsecureAlgorithm: false },
    (err, plain) => (err ? reject(err) : resolve({ plain }))));
}

// call has node-soap call a service.
async function call(q) {
  const soap = require("soap");
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "node-soap-"));
  try {
    const wsdl = path.join(dir, "orders.wsdl");
    fs.writeFileSync(wsdl, q.wsdl);
    const client = await soap.createClientAsync(wsdl, { endpoint: q.url, forceSoap12Headers: Boolean(q.soap12), wsdl_options: {} });
    client.setSecurity(security(soap, q));
    for (const header of q.headers || []) client.addSoapHeader(header);
    const [result, raw] = await client.GetAsync({ ID: q.id }, { httpsAgent: new (require("https").Agent)({ ca: q.ca }) });
    return { result: result && result.Address, xml: raw };
  } catch (err) {
    return { error: String(err.message || err).slice(0, 500) };
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

function security(soap, q) {
  switch (q.security) {
    case "text":
      return new soap.WSSecurity(q.user, q.password, { passwordType: "PasswordText", hasTimeStamp: true, hasTokenCreated: false });
    case "digest":
      return new soap.WSSecurity(q.user, q.password, { passwordType: "PasswordDigest", hasTimeStamp: true, hasNonce: true });
    case "certificate":
      return new soap.WSSecurityCert(q.key, q.cert, "", { hasTimeStamp: true, additionalReferences: q.parts || [], ...q.options });
    case "username and certificate":
      return new soap.WSSecurityCertWithToken({ privateKey: q.key, publicKey: q.cert, username: q.user, password: q.password, hasTimeStamp: true, options: q.options });
    default:
      throw new Error(`no security ${q.security}`);
  }
}

// login has node-saml take a response.
async function login(q) {
  const { SAML } = require("@node-saml/node-saml");
  const saml = new SAML({
    idpCert: q.cert, issuer: q.audience, audience: q.audience, callbackUrl: q.audience, wantAuthnResponseSigned: false, wantAssertionsSigned: true, decryptionPvk: q.key || undefined,
  });
  const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: Buffer.from(q.xml).toString("base64") });
  return { result: profile.nameID };
}

const operations = { verify, sign, encrypt, decrypt, call, login };

async function main() {
  const version = (name) => JSON.parse(fs.readFileSync(path.join(process.env.NODE_PATH, name, "package.json"))).version;
  const versions = {};
  for (const name of ["xml-crypto", "xml-encryption", "soap", "@node-saml/node-saml"]) versions[name] = version(name);
  console.log(JSON.stringify({ node: process.version, versions }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const q = JSON.parse(line);
    let answer;
    try {
      answer = await operations[q.op](q);
    } catch (err) {
      answer = { error: String((err && err.message) || err).slice(0, 500) };
    }
    console.log(JSON.stringify(answer));
  }
}

main();
