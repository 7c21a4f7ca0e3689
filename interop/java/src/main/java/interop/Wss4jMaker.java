package interop;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

import javax.crypto.KeyGenerator;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

import org.apache.wss4j.common.WSEncryptionPart;
import org.apache.wss4j.common.crypto.Crypto;
import org.apache.wss4j.common.crypto.CryptoType;
import org.apache.wss4j.common.derivedKey.ConversationConstants;
import org.apache.wss4j.common.token.SecurityTokenReference;
import org.apache.wss4j.common.util.KeyUtils;
import org.apache.wss4j.common.util.UsernameTokenUtil;
import org.apache.wss4j.dom.WSConstants;
import org.apache.wss4j.dom.engine.WSSConfig;
import org.apache.wss4j.dom.message.WSSecDKEncrypt;
import org.apache.wss4j.dom.message.WSSecDKSign;
import org.apache.wss4j.dom.message.WSSecDerivedKeyBase;
import org.apache.wss4j.dom.message.WSSecEncrypt;
import org.apache.wss4j.dom.message.WSSecEncryptedKey;
import org.apache.wss4j.dom.message.WSSecHeader;
import org.apache.wss4j.dom.message.WSSecSecurityContextToken;
import org.apache.wss4j.dom.message.WSSecSignature;
import org.apache.wss4j.dom.message.WSSecSignatureConfirmation;
import org.apache.wss4j.dom.message.WSSecTimestamp;
import org.apache.wss4j.dom.message.WSSecUsernameToken;
import org.apache.wss4j.dom.saml.WSSecSignatureSAML;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/**
 * Protects a message in the steps that a request names. WSS4J puts everything before what is
 * in the header already, so that the last step's work stands first.
 */
final class Wss4jMaker {
    private static final Map<String, Integer> REFERENCES = Map.of(
        "direct", WSConstants.BST_DIRECT_REFERENCE, "issuer-serial", WSConstants.ISSUER_SERIAL,
        "issuer-serial-quoted", WSConstants.ISSUER_SERIAL_QUOTE_FORMAT, "x509v3", WSConstants.X509_KEY_IDENTIFIER,
        "ski", WSConstants.SKI_KEY_IDENTIFIER, "thumbprint", WSConstants.THUMBPRINT_IDENTIFIER,
        "key-value", WSConstants.KEY_VALUE, "x509-ski", WSConstants.X509_SKI, "sha1", WSConstants.ENCRYPTED_KEY_SHA1_IDENTIFIER);
    private static final String AES256_GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm";

    private final Peer peer;
    private final Wss4jRequest q;
    private final Document doc;
    private final WSSecHeader header;
    private final List<Step> last = new ArrayList<>();
    private final Wss4jTokens tokens;

    /** The symmetric key that signs and encrypts: its octets, and how it is named. */
    private byte[] secret;
    private String id;
    private String type;
    private boolean uri;
    private Element signature;
    private WSSecSignature signer;

    private interface Step {
        void run() throws Exception;
    }

    Wss4jMaker(Peer peer, Wss4jRequest q, Document doc) throws Exception {
        this.peer = peer;
        this.q = q;
        this.doc = doc;
        this.header = new WSSecHeader(doc);
        this.tokens = new Wss4jTokens(peer, q, doc);
        if (q.has("secret_id")) {
            secret = q.octets("secret");
            id = q.get("secret_id");
            type = WSConstants.WSS_ENC_KEY_VALUE_TYPE;
        }
    }

    void make() throws Exception {
        header.insertSecurityHeader();
        for (String step : q.words("do")) {
            switch (step) {
                case "timestamp" -> timestamp();
                case "user" -> user();
                case "session" -> session();
                case "context" -> context();
                case "saml" -> saml();
                case "sign", "endorse" -> sign(step);
                case "vouch" -> vouch();
                case "encrypt" -> encrypt();
                case "confirm" -> confirm();
                default -> throw new IllegalArgumentException("step " + step);
            }
        }
        for (Step s : last) {
            s.run();
        }
    }

    private void timestamp() throws Exception {
        WSSecTimestamp t = new WSSecTimestamp(header);
        t.setTimeToLive(300);
        t.build();
    }

    private void user() throws Exception {
        WSSecUsernameToken t = new WSSecUsernameToken(header);
        String name = q.get("user");
        if (q.has("user.iterations")) {
            byte[] salt = UsernameTokenUtil.generateSalt(true);
            t.setUserInfo(name, peer.get("user." + name));
            t.addDerivedKey(Integer.parseInt(q.get("user.iterations")));
            t.prepare(salt);
            t.prependToHeader();
            secret = t.getDerivedKey(salt);
            id = t.getId();
            type = WSConstants.WSS_USERNAME_TOKEN_VALUE_TYPE;
            return;
        }
        t.setPasswordType(q.has("digest") ? WSConstants.PASSWORD_DIGEST : WSConstants.PASSWORD_TEXT);
        t.setUserInfo(name, peer.get("user." + name));
        t.build();
    }

    /** A fresh key for this message, sent encrypted. */
    private void session() throws Exception {
        WSSecEncryptedKey k = new WSSecEncryptedKey(header);
        k.setUserInfo(peer.keyAlias("service"));
        k.setKeyIdentifierType(REFERENCES.get(q.get("enc.ref", "thumbprint")));
        k.setKeyEncAlgo(WSConstants.KEYTRANSPORT_RSAOAEP);
        SecretKey fresh = key(q.get("enc.cipher", AES256_GCM));
        k.prepare(peer.load(peer.crypto("service")), fresh);
        secret = fresh.getEncoded();
        id = k.getId();
        type = WSConstants.WSS_ENC_KEY_VALUE_TYPE;
        last.add(k::prependToHeader);
        if (q.has("enc.bst")) {
            last.add(k::prependBSTElementToHeader);
        }
    }

    private void context() throws Exception {
        int version = q.get("context").equals("2005") ? ConversationConstants.VERSION_05_02 : ConversationConstants.VERSION_05_12;
        type = version == ConversationConstants.VERSION_05_02 ? WSConstants.WSC_SCT : WSConstants.WSC_SCT_05_12;
        secret = q.octets("secret");
        if (q.has("unsent")) {
            id = q.get("secret_id");
            uri = true;
            return;
        }
        WSSecSecurityContextToken t = new WSSecSecurityContextToken(header, WSSConfig.getNewInstance());
        t.setWscVersion(version);
        t.setIdentifier(q.get("secret_id"));
        t.prepare(peer.load(peer.crypto("client")));
        id = t.getSctId();
        last.add(t::prependSCTElementToHeader);
    }

    private void saml() throws Exception {
        tokens.assertion();
        secret = tokens.secret;
        id = tokens.assertion.getId();
        type = tokens.saml11 ? WSConstants.WSS_SAML_KI_VALUE_TYPE : WSConstants.WSS_SAML2_KI_VALUE_TYPE;
        if (q.get("saml").equals("vouched") || q.get("sign.ref", "").equals("embedded-saml")) {
            return;
        }
        if (q.has("early")) {
            tokens.put(header);
        } else {
            last.add(() -> tokens.put(header));
        }
    }

    /** A sender's signature over somebody's assertion, as WSS4J makes it by itself. */
    private void vouch() throws Exception {
        WSSecSignatureSAML s = new WSSecSignatureSAML(header);
        s.setKeyIdentifierType(REFERENCES.get(q.get("sign.ref", "direct")));
        s.setSignatureAlgorithm(WSConstants.RSA_SHA256);
        s.setDigestAlgo(WSConstants.SHA256);
        s.getParts().addAll(parts("sign", "sign.parts"));
        s.build(null, tokens.assertion, peer.load(peer.crypto("client")), peer.keyAlias("client"), peer.get("store.password"));
    }

    private void sign(String step) throws Exception {
        String by = q.get(step + ".by", "client");
        if (by.equals("key") && q.has("derived")) {
            WSSecDKSign s = new WSSecDKSign(header);
            derive(s);
            s.setSignatureAlgorithm(WSConstants.HMAC_SHA256);
            s.setDigestAlgorithm(WSConstants.SHA256);
            s.setDerivedKeyLength(Integer.parseInt(q.get("derived.length", "32")));
            s.prepare(secret);
            s.computeSignature(s.addReferencesToSign(parts(step, step + ".parts")));
            s.prependDKElementToHeader();
            signature = s.getSignatureElement();
            return;
        }
        WSSecSignature s = new WSSecSignature(header);
        s.setDigestAlgo(q.get("digest.alg", WSConstants.SHA256));
        s.setAddInclusivePrefixes(!q.has("no.prefixes"));
        if (q.has("c14n")) {
            s.setSigCanonicalization(q.get("c14n"));
        }
        Crypto crypto = null;
        if (by.equals("key")) {
            s.setSignatureAlgorithm(q.get(step + ".alg", WSConstants.HMAC_SHA256));
            s.setSecretKey(secret);
            if (q.get(step + ".ref", "").equals("shared")) {
                s.setKeyIdentifierType(WSConstants.CUSTOM_SYMM_SIGNING);
                s.setCustomKeyInfoElement(tokens.keyName(id));
            } else if (q.has("sha1")) {
                s.setKeyIdentifierType(WSConstants.ENCRYPTED_KEY_SHA1_IDENTIFIER);
                s.setEncrKeySha1value(id);
            } else {
                s.setKeyIdentifierType(isSaml() ? WSConstants.CUSTOM_KEY_IDENTIFIER : uri ? WSConstants.CUSTOM_SYMM_SIGNING_DIRECT : WSConstants.CUSTOM_SYMM_SIGNING);
                s.setCustomTokenId(id);
                s.setCustomTokenValueType(type);
            }
        } else {
            crypto = peer.load(peer.crypto(by));
            s.setUserInfo(peer.keyAlias(by), peer.get("store.password"));
            s.setSignatureAlgorithm(q.get(step + ".alg", WSConstants.RSA_SHA256));
            String ref = q.get(step + ".ref", "direct");
            s.setUseSingleCertificate(!ref.equals("path"));
            if (ref.equals("saml")) {
                s.setKeyIdentifierType(WSConstants.CUSTOM_KEY_IDENTIFIER);
                s.setCustomTokenId(id);
                s.setCustomTokenValueType(type);
            } else if (ref.equals("embedded")) {
                s.setCustomKeyInfoElement(tokens.embedded(certificate(crypto, by)));
            } else if (ref.equals("embedded-saml")) {
                s.setCustomKeyInfoElement(tokens.embeddedAssertion());
            } else if (ref.equals("key-name")) {
                s.setCustomKeyInfoElement(tokens.keyName(certificate(crypto, by).getSubjectX500Principal().getName()));
            } else {
                s.setKeyIdentifierType(REFERENCES.getOrDefault(ref, WSConstants.BST_DIRECT_REFERENCE));
            }
        }
        s.prepare(crypto);
        signer = s;
        if (q.has(step + ".first")) {
            s.prependBSTElementToHeader();
        }
        s.computeSignature(s.addReferencesToSign(parts(step, step + ".parts")));
        if (!q.has(step + ".first")) {
            s.prependBSTElementToHeader();
        }
        signature = s.getSignatureElement();
    }

    private void encrypt() throws Exception {
        String cipher = q.get("enc.cipher", AES256_GCM);
        List<WSEncryptionPart> parts = parts("enc", "enc.parts");
        if (q.get("enc.by", "service").equals("key") && q.has("derived")) {
            WSSecDKEncrypt e = new WSSecDKEncrypt(header);
            derive(e);
            e.setSymmetricEncAlgorithm(cipher);
            e.prepare(secret);
            e.prependDKElementToHeader();
            e.addExternalRefElement(e.encryptForExternalRef(null, parts));
            return;
        }
        WSSecEncrypt e = new WSSecEncrypt(header);
        e.setSymmetricEncAlgorithm(cipher);
        if (q.get("enc.by", "service").equals("key")) {
            e.setEncryptSymmKey(false);
            if (q.get("enc.ref", "").equals("shared")) {
                SecurityTokenReference str = new SecurityTokenReference(doc);
                str.setUnknownElement((Element) tokens.keyName(id).getFirstChild());
                e.setSecurityTokenReference(str);
            } else if (q.has("sha1")) {
                e.setKeyIdentifierType(WSConstants.ENCRYPTED_KEY_SHA1_IDENTIFIER);
                e.setCustomReferenceValue(id);
            } else {
                e.setEncKeyId(id);
                e.setEncKeyIdDirectId(uri);
                e.setCustomReferenceValue(type);
            }
            SecretKey key = new SecretKeySpec(secret, "AES");
            e.prepare(null, key);
            e.addExternalRefElement(e.encryptForRef(null, parts, key));
            return;
        }
        String to = q.get("enc.to", "service");
        e.setUserInfo(peer.keyAlias(to));
        String ref = q.get("enc.ref", "thumbprint");
        if (ref.equals("embedded")) {
            e.setCustomEKKeyInfoElement(tokens.embedded(certificate(peer.load(peer.crypto(to)), to)));
        } else if (ref.equals("key-name")) {
            e.setCustomEKKeyInfoElement(tokens.keyName(certificate(peer.load(peer.crypto(to)), to).getSubjectX500Principal().getName()));
        } else {
            e.setKeyIdentifierType(REFERENCES.get(ref));
        }
        e.setKeyEncAlgo(q.get("enc.transport", WSConstants.KEYTRANSPORT_RSAOAEP_XENC11));
        // WSS4J forgets to declare the prefix of the digest's element, so that its digest of a
        // key that names one is not that of what is sent.
        if (!e.getKeyEncAlgo().equals(WSConstants.KEYTRANSPORT_RSA15) && !q.has("enc.plain")) {
            e.setDigestAlgorithm(q.get("enc.digest", WSConstants.SHA256));
            if (e.getKeyEncAlgo().equals(WSConstants.KEYTRANSPORT_RSAOAEP_XENC11)) {
                e.setMGFAlgorithm(q.get("enc.mgf", WSConstants.MGF_SHA256));
            }
        }
        if (q.has("enc.inside")) {
            e.setEmbedEncryptedKey(true);
            SecretKey key = key(cipher);
            e.prepare(peer.load(peer.crypto(to)), key);
            e.addExternalRefElement(e.encryptForRef(null, parts, key));
            return;
        }
        e.getParts().addAll(parts);
        e.build(peer.load(peer.crypto(to)), key(cipher));
    }

    /** Confirms the signatures of the request; with no value, that there was none. */
    private void confirm() {
        List<String> values = q.words("values");
        if (values.isEmpty()) {
            new WSSecSignatureConfirmation(header).build(null);
        }
        for (String value : values) {
            WSSecSignatureConfirmation c = new WSSecSignatureConfirmation(header);
            c.setSignatureValue(Base64.getDecoder().decode(value));
            c.prepare();
            c.prependToHeader();
        }
    }

    private void derive(WSSecDerivedKeyBase k) throws Exception {
        k.setWscVersion(q.get("derived").equals("2005") ? ConversationConstants.VERSION_05_02 : ConversationConstants.VERSION_05_12);
        if (q.has("sha1")) {
            SecurityTokenReference str = new SecurityTokenReference(doc);
            str.setKeyIdentifierEncKeySHA1(id);
            str.addTokenType(WSConstants.WSS_ENC_KEY_VALUE_TYPE);
            k.setStrElem(str.getElement());
            return;
        }
        k.setTokenIdentifier(id);
        k.setTokenIdDirectId(uri);
        k.setCustomValueType(type);
        if (isSaml()) {
            k.setKeyIdentifierType(WSConstants.CUSTOM_KEY_IDENTIFIER);
        }
    }

    private boolean isSaml() {
        return WSConstants.WSS_SAML_KI_VALUE_TYPE.equals(type) || WSConstants.WSS_SAML2_KI_VALUE_TYPE.equals(type);
    }

    private static java.security.cert.X509Certificate certificate(Crypto crypto, String store) throws Exception {
        CryptoType t = new CryptoType(CryptoType.TYPE.ALIAS);
        t.setAlias(crypto.getDefaultX509Identifier());
        return crypto.getX509Certificates(t)[0];
    }

    private static SecretKey key(String cipher) throws Exception {
        KeyGenerator g = KeyUtils.getKeyGenerator(cipher);
        return g.generateKey();
    }

    private List<WSEncryptionPart> parts(String step, String name) {
        String soap = doc.getDocumentElement().getNamespaceURI();
        String otherwise = switch (step) {
            case "sign" -> "body timestamp";
            case "endorse" -> "signature";
            default -> "body";
        };
        List<WSEncryptionPart> out = new ArrayList<>();
        for (String word : q.get(name, otherwise).split(" ")) {
            out.add(switch (word) {
                case "body" -> new WSEncryptionPart("Body", soap, "Content");
                case "element" -> new WSEncryptionPart("Get", "urn:orders", "Element");
                case "timestamp" -> new WSEncryptionPart("Timestamp", WSConstants.WSU_NS, "Element");
                case "user" -> new WSEncryptionPart("UsernameToken", WSConstants.WSSE_NS, "Element");
                case "tenant" -> new WSEncryptionPart("Tenant", "urn:h", "Header");
                case "to", "action", "messageID", "replyTo" ->
                    new WSEncryptionPart(Character.toUpperCase(word.charAt(0)) + word.substring(1), q.get("addressing"), "Header");
                case "encryptedkey" -> new WSEncryptionPart("EncryptedKey", WSConstants.ENC_NS, "Element");
                case "confirmation" -> new WSEncryptionPart("SignatureConfirmation", WSConstants.WSSE11_NS, "Element");
                case "token" -> through(signer.getSecurityTokenReferenceURI());
                case "bst" -> new WSEncryptionPart("BinarySecurityToken", WSConstants.WSSE_NS, "Element");
                case "signature" -> element(signature);
                case "assertion" -> element(tokens.element());
                default -> throw new IllegalArgumentException("part " + word);
            });
        }
        return out;
    }

    /** The token that a reference names, by way of an STR-Transform. */
    private static WSEncryptionPart through(String reference) {
        WSEncryptionPart part = new WSEncryptionPart("STRTransform", "", "Content");
        part.setId(reference);
        return part;
    }

    private static WSEncryptionPart element(Element e) {
        WSEncryptionPart part = new WSEncryptionPart(e.getLocalName(), e.getNamespaceURI(), "Element");
        part.setElement(e);
        return part;
    }
}
