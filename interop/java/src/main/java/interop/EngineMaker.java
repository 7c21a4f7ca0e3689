package interop;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;

import org.apache.wss4j.common.WSEncryptionPart;
import org.apache.wss4j.common.crypto.Crypto;
import org.apache.wss4j.common.derivedKey.ConversationConstants;
import org.apache.wss4j.common.util.KeyUtils;
import org.apache.wss4j.dom.WSConstants;
import org.apache.wss4j.dom.message.WSSecDKEncrypt;
import org.apache.wss4j.dom.message.WSSecDKSign;
import org.apache.wss4j.dom.message.WSSecEncrypt;
import org.apache.wss4j.dom.message.WSSecEncryptedKey;
import org.apache.wss4j.dom.message.WSSecHeader;
import org.apache.wss4j.dom.message.WSSecSecurityContextToken;
import org.apache.wss4j.dom.message.WSSecSignature;
import org.apache.wss4j.dom.message.WSSecSignatureConfirmation;
import org.apache.wss4j.dom.message.WSSecTimestamp;
import org.apache.wss4j.dom.message.WSSecUsernameToken;
import org.w3c.dom.Document;

/** Makes one message as the settings say. WSS4J puts each thing before what is in the header already. */
final class EngineMaker {
    private final Peer peer;
    private final Crypto client;
    private final Crypto service;
    private final byte[] secret;
    private String at;

    private Document doc;
    private WSSecHeader header;
    private byte[] key;      // symmetric
    private String token;    // id of what it comes with
    private String type;     // and the type of that
    private String signature;
    private String username;

    EngineMaker(Peer peer, Crypto client, Crypto service, byte[] secret) {
        this.peer = peer;
        this.client = client;
        this.service = service;
        this.secret = secret;
    }

    private String get(String name, String otherwise) {
        return peer.settings.getProperty(at + "." + name, otherwise);
    }

    private boolean has(String name) {
        return !get(name, "").isEmpty();
    }

    byte[] make(String at) throws Exception {
        this.at = at;
        signature = null;
        username = null;
        String soap = has("soap11") ? WSConstants.URI_SOAP11_ENV : WSConstants.URI_SOAP12_ENV;
        doc = EngineMain.parse(peer.get("envelope").replace("{soap}", soap).getBytes(StandardCharsets.UTF_8));
        header = new WSSecHeader(doc);
        header.insertSecurityHeader();
        WSSecTimestamp ts = new WSSecTimestamp(header);
        ts.setTimeToLive(300);
        ts.build();
        if (has("user")) {
            user();
        }
        if (has("confirm")) {
            WSSecSignatureConfirmation c = new WSSecSignatureConfirmation(header);
            c.build(java.util.Base64.getDecoder().decode(get("confirm", "")));
        }
        WSSecEncryptedKey ek = null;
        WSSecSecurityContextToken sct = null;
        String binding = get("binding", "asym");
        int wsc = has("wsc2005") ? ConversationConstants.VERSION_05_02 : ConversationConstants.VERSION_05_12;
        if (binding.startsWith("sym")) {
            ek = new WSSecEncryptedKey(header);
            ek.setUserInfo(peer.keyAlias("service"));
            transport(ek);
            SecretKey k = KeyUtils.getKeyGenerator(get("cipher", WSConstants.AES_256_GCM)).generateKey();
            key = k.getEncoded();
            ek.prepare(service, k);
            token = ek.getId();
            type = WSConstants.WSS_ENC_KEY_VALUE_TYPE;
        } else if (binding.startsWith("sct")) {
            sct = new WSSecSecurityContextToken(header, null);
            sct.setWscVersion(wsc);
            sct.setIdentifier("urn:ctx");
            sct.prepare(client);
            key = secret;
            token = sct.getSctId();
            type = wsc == ConversationConstants.VERSION_05_02 ? WSConstants.WSC_SCT : WSConstants.WSC_SCT_05_12;
        }
        if (get("order", "se").equals("se")) {
            sign(binding, wsc);
            encrypt(binding, wsc);
        } else {
            encrypt(binding, wsc);
            sign(binding, wsc);
        }
        if (ek != null) {
            ek.prependToHeader();
            ek.prependBSTElementToHeader();
        }
        if (sct != null) {
            sct.prependSCTElementToHeader();
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Transformer t = TransformerFactory.newInstance().newTransformer();
        t.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
        t.transform(new DOMSource(doc), new StreamResult(out));
        return out.toByteArray();
    }

    private void user() throws Exception {
        WSSecUsernameToken u = new WSSecUsernameToken(header);
        u.setUserInfo(get("user", ""), peer.settings.getProperty("user." + get("user", "")));
        u.setPasswordType(has("digest") ? WSConstants.PASSWORD_DIGEST : WSConstants.PASSWORD_TEXT);
        u.build();
        username = u.getId();
    }

    private void transport(WSSecEncryptedKey e) {
        e.setKeyIdentifierType(Integer.parseInt(get("encref", "8")));
        e.setKeyEncAlgo(get("keyenc", WSConstants.KEYTRANSPORT_RSAOAEP_XENC11));
        if (has("oaepdigest")) {
            e.setDigestAlgorithm(get("oaepdigest", ""));
        }
        if (has("mgf")) {
            e.setMGFAlgorithm(get("mgf", ""));
        }
    }

    private List<WSEncryptionPart> parts(String setting, String otherwise) {
        String soap = doc.getDocumentElement().getNamespaceURI();
        List<WSEncryptionPart> list = new ArrayList<>();
        for (String p : get(setting, otherwise).split(",")) {
            switch (p) {
                case "body": list.add(new WSEncryptionPart("Body", soap, setting.equals("sign") ? "" : "Content")); break;
                case "element": list.add(new WSEncryptionPart("Get", "urn:orders", "Element")); break;
                case "timestamp": list.add(new WSEncryptionPart("Timestamp", WSConstants.WSU_NS, "")); break;
                case "tenant": list.add(new WSEncryptionPart("Tenant", "urn:h", setting.equals("sign") ? "" : "Header")); break;
                case "to": list.add(new WSEncryptionPart("To", "http://www.w3.org/2005/08/addressing", setting.equals("sign") ? "" : "Header")); break;
                case "user": list.add(new WSEncryptionPart(username, "Element")); break;
                case "confirm": list.add(new WSEncryptionPart("SignatureConfirmation", WSConstants.WSSE11_NS, setting.equals("sign") ? "" : "Element")); break;
                case "signature": if (signature != null) { list.add(new WSEncryptionPart(signature, "Element")); } break;
                case "key": list.add(new WSEncryptionPart("EncryptedKey", WSConstants.ENC_NS, "")); break;
                case "header": list.add(new WSEncryptionPart("EncryptedHeader", WSConstants.WSSE11_NS, "")); break;
                case "str": list.add(new WSEncryptionPart("STRTransform", null, "")); break;
                default: break;
            }
        }
        return list;
    }

    private void sign(String binding, int wsc) throws Exception {
        if (binding.endsWith("dk")) {
            WSSecDKSign dk = new WSSecDKSign(header);
            dk.setWscVersion(wsc);
            dk.setTokenIdentifier(token);
            dk.setCustomValueType(type);
            dk.setSignatureAlgorithm(WSConstants.HMAC_SHA256);
            dk.setDigestAlgorithm(WSConstants.SHA256);
            dk.setDerivedKeyLength(32);
            dk.getParts().addAll(parts("sign", "body,timestamp"));
            dk.build(key);
            signature = dk.getSignatureId();
        } else if (binding.equals("sym") || binding.equals("sct")) {
            WSSecSignature s = new WSSecSignature(header);
            s.setKeyIdentifierType(WSConstants.CUSTOM_SYMM_SIGNING);
            s.setCustomTokenId(token);
            s.setCustomTokenValueType(type);
            s.setSecretKey(key);
            s.setSignatureAlgorithm(WSConstants.HMAC_SHA256);
            s.setDigestAlgo(WSConstants.SHA256);
            s.getParts().addAll(parts("sign", "body,timestamp"));
            s.build(client);
            signature = s.getId();
        } else if (!has("unsigned")) {
            signature = x509(parts("sign", "body,timestamp"));
        }
        if (has("endorse")) {
            x509(List.of(new WSEncryptionPart(signature, "Element")));
        }
    }

    private String x509(List<WSEncryptionPart> parts) throws Exception {
        WSSecSignature s = new WSSecSignature(header);
        s.setUserInfo(peer.keyAlias("client"), peer.get("store.password"));
        s.setKeyIdentifierType(Integer.parseInt(get("sigref", "1")));
        s.setSignatureAlgorithm(WSConstants.RSA_SHA256);
        s.setDigestAlgo(WSConstants.SHA256);
        s.getParts().addAll(parts);
        s.build(client);
        return s.getId();
    }

    private void encrypt(String binding, int wsc) throws Exception {
        List<WSEncryptionPart> parts = parts("encrypt", "body");
        if (parts.isEmpty()) {
            return;
        }
        String cipher = get("cipher", WSConstants.AES_256_GCM);
        if (binding.endsWith("dk")) {
            WSSecDKEncrypt dk = new WSSecDKEncrypt(header);
            dk.setWscVersion(wsc);
            dk.setTokenIdentifier(token);
            dk.setCustomValueType(type);
            dk.setSymmetricEncAlgorithm(cipher);
            dk.setDerivedKeyLength(KeyUtils.getKeyLength(cipher));
            dk.getParts().addAll(parts);
            dk.build(key);
            return;
        }
        WSSecEncrypt e = new WSSecEncrypt(header);
        e.setSymmetricEncAlgorithm(cipher);
        e.getParts().addAll(parts);
        SecretKey k;
        if (binding.equals("asym")) {
            e.setUserInfo(peer.keyAlias("service"));
            transport(e);
            e.setEmbedEncryptedKey(has("embed"));
            k = KeyUtils.getKeyGenerator(cipher).generateKey();
        } else {
            e.setEncryptSymmKey(false);
            e.setEncKeyId(token);
            e.setCustomEKTokenValueType(type);
            e.setKeyIdentifierType(WSConstants.CUSTOM_SYMM_SIGNING);
            k = new SecretKeySpec(key, "AES");
        }
        if (!has("embed")) {
            e.build(service, k);
            return;
        }
        // build would put the key into the header as well, under the same id.
        e.prepare(service, k);
        e.addExternalRefElement(e.encrypt(k));
    }
}
