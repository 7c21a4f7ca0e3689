package interop;

import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.TreeSet;

import javax.security.auth.callback.Callback;
import javax.security.auth.callback.CallbackHandler;
import javax.xml.namespace.QName;

import org.apache.wss4j.common.bsp.BSPRule;
import org.apache.wss4j.common.ext.WSPasswordCallback;
import org.apache.wss4j.dom.WSConstants;
import org.apache.wss4j.dom.WSDataRef;
import org.apache.wss4j.dom.engine.WSSConfig;
import org.apache.wss4j.dom.engine.WSSecurityEngine;
import org.apache.wss4j.dom.engine.WSSecurityEngineResult;
import org.apache.wss4j.dom.handler.RequestData;
import org.apache.wss4j.dom.handler.WSHandlerResult;
import org.apache.wss4j.dom.message.token.SignatureConfirmation;
import org.w3c.dom.Document;

/**
 * Has WSS4J's engine take a message apart, as strictly as it can, and tells what it found:
 * the parts that were signed and encrypted, by name, and the keys and values that an answer
 * needs.
 */
final class Wss4jChecker {
    private final Peer peer;
    private final Wss4jRequest q;
    private final Document doc;

    Wss4jChecker(Peer peer, Wss4jRequest q, Document doc) {
        this.peer = peer;
        this.q = q;
        this.doc = doc;
    }

    Json check(Json out) throws Exception {
        RequestData data = new RequestData();
        data.setWssConfig(WSSConfig.getNewInstance());
        data.setSigVerCrypto(peer.load(peer.crypto(q.get("as", "service"))));
        data.setDecCrypto(peer.load(peer.crypto(q.get("as", "service"))));
        data.setCallbackHandler(keys());
        data.setAllowRSA15KeyTransportAlgorithm(q.has("rsa15"));
        data.setAllowUsernameTokenNoPassword(q.has("derived.user"));
        data.setAudienceRestrictions(q.words("audience"));
        data.setRequireTimestampExpires(true);
        data.setValidateSamlSubjectConfirmation(true);
        data.setEnableRevocation(false);
        List<BSPRule> ignored = new ArrayList<>();
        for (String rule : q.words("ignore")) {
            ignored.add(BSPRule.valueOf(rule));
        }
        data.setIgnoredBSPRules(ignored);

        WSHandlerResult all = new WSSecurityEngine().processSecurityHeader(doc, data);
        if (all == null || all.getResults().isEmpty()) {
            throw new IllegalStateException("no security header");
        }
        tell(all.getResults(), out);
        return out;
    }

    private void tell(List<WSSecurityEngineResult> results, Json out) throws Exception {
        TreeSet<String> signed = new TreeSet<>();
        TreeSet<String> encrypted = new TreeSet<>();
        List<String> signers = new ArrayList<>();
        List<String> values = new ArrayList<>();
        List<String> confirmed = new ArrayList<>();
        for (WSSecurityEngineResult r : results) {
            int action = (Integer) r.get(WSSecurityEngineResult.TAG_ACTION);
            @SuppressWarnings("unchecked")
            List<WSDataRef> refs = (List<WSDataRef>) r.get(WSSecurityEngineResult.TAG_DATA_REF_URIS);
            if (refs != null) {
                for (WSDataRef ref : refs) {
                    (action == WSConstants.ENCR ? encrypted : signed).add(name(ref, action));
                }
            }
            if (action == WSConstants.SIGN) {
                Object who = r.get(WSSecurityEngineResult.TAG_PRINCIPAL);
                signers.add(who == null ? "" : ((java.security.Principal) who).getName());
                values.add(Base64.getEncoder().encodeToString((byte[]) r.get(WSSecurityEngineResult.TAG_SIGNATURE_VALUE)));
            } else if (action == WSConstants.SC) {
                byte[] value = ((SignatureConfirmation) r.get(WSSecurityEngineResult.TAG_SIGNATURE_CONFIRMATION)).getSignatureValue();
                confirmed.add(Base64.getEncoder().encodeToString(value));
            } else if (action == WSConstants.UT || action == WSConstants.UT_NOPASSWORD) {
                out.put("user", r.get(WSSecurityEngineResult.TAG_PRINCIPAL) == null ? null
                    : ((java.security.Principal) r.get(WSSecurityEngineResult.TAG_PRINCIPAL)).getName());
            } else if (action == WSConstants.ST_SIGNED || action == WSConstants.ST_UNSIGNED) {
                out.put("saml", action == WSConstants.ST_SIGNED ? "signed" : "unsigned");
            } else if (action == WSConstants.TS) {
                out.put("timestamp", true);
            }
            byte[] secret = (byte[]) r.get(WSSecurityEngineResult.TAG_SECRET);
            byte[] sealed = (byte[]) r.get(WSSecurityEngineResult.TAG_ENCRYPTED_EPHEMERAL_KEY);
            if (action == WSConstants.ENCR && secret != null && sealed != null) {
                out.put("secret", Base64.getEncoder().encodeToString(secret));
                out.put("secret_id", Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-1").digest(sealed)));
            }
        }
        out.put("ok", true).put("signed", String.join(" ", signed)).put("encrypted", String.join(" ", encrypted));
        out.put("signers", String.join("|", signers)).put("values", String.join(" ", values)).put("confirmed", String.join(" ", confirmed));
    }

    private static String name(WSDataRef ref, int action) {
        QName name = ref.getName();
        String local = name == null ? "?" : name.getLocalPart();
        return action == WSConstants.ENCR && ref.isContent() ? local + "/content" : local;
    }

    /** Passwords as everywhere, and the one secret that the request names. */
    private CallbackHandler keys() {
        CallbackHandler passwords = peer.passwords();
        return callbacks -> {
            for (Callback c : callbacks) {
                WSPasswordCallback w = (WSPasswordCallback) c;
                int usage = w.getUsage();
                if (usage == WSPasswordCallback.SECURITY_CONTEXT_TOKEN || usage == WSPasswordCallback.SECRET_KEY
                    || usage == WSPasswordCallback.CUSTOM_TOKEN) {
                    if (q.has("secret") && q.get("secret_id").equals(w.getIdentifier())) {
                        w.setKey(q.octets("secret"));
                    }
                } else {
                    passwords.handle(new Callback[] {c});
                }
            }
        };
    }
}
