package interop;

import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Base64;

import javax.security.auth.callback.Callback;
import javax.security.auth.callback.CallbackHandler;
import javax.xml.parsers.DocumentBuilderFactory;

import org.apache.wss4j.common.crypto.Crypto;
import org.apache.wss4j.common.ext.WSPasswordCallback;
import org.apache.wss4j.dom.engine.WSSConfig;
import org.apache.wss4j.dom.engine.WSSecurityEngine;
import org.apache.wss4j.dom.engine.WSSecurityEngineResult;
import org.apache.wss4j.dom.handler.RequestData;
import org.apache.wss4j.dom.handler.WSHandlerResult;
import org.w3c.dom.Document;

/**
 * WSS4J's engine over two folders: it checks the messages in "ours", and makes those that the settings list into
 * "made". One line of JSON for each.
 */
public final class EngineMain {
    private final Peer peer;
    private final Crypto service;
    private final byte[] secret;

    private EngineMain(Peer peer) throws Exception {
        this.peer = peer;
        this.service = peer.load(peer.crypto("service"));
        this.secret = Base64.getDecoder().decode(peer.get("secret"));
    }

    public static void main(String[] args) throws Exception {
        WSSConfig.init();
        org.apache.wss4j.common.saml.OpenSAMLUtil.initSamlEngine();
        EngineMain m = new EngineMain(new Peer(args));
        int checks = Integer.parseInt(m.peer.get("checks"));
        for (int i = 0; i < checks; i++) {
            m.check(m.peer.get("check." + i), m.peer.get("word"));
        }
        int kinds = Integer.parseInt(m.peer.get("makes"));
        EngineMaker maker = new EngineMaker(m.peer, m.peer.load(m.peer.crypto("client")), m.service, m.secret);
        for (int i = 0; i < kinds; i++) {
            String name = m.peer.get("make." + i);
            Json line = new Json().put("made", name);
            try {
                Files.write(m.folder("made").resolve(name + ".xml"), maker.make("make." + i));
            } catch (Exception e) {
                line.put("error", e.toString());
            }
            System.out.println(line);
        }
        System.out.flush();
    }

    private Path folder(String name) {
        return Paths.get(peer.get("dir"), name);
    }

    /** Runs WSS4J's engine, with everything that it enforces by default, over one message of ours. */
    private void check(String name, String word) {
        Json line = new Json().put("checked", name);
        try {
            Document doc = parse(Files.readAllBytes(folder("ours").resolve(name + ".xml")));
            WSSConfig config = WSSConfig.getNewInstance();
            WSSecurityEngine engine = new WSSecurityEngine();
            engine.setWssConfig(config);
            RequestData data = new RequestData();
            data.setWssConfig(config);
            data.setSigVerCrypto(service);
            data.setDecCrypto(service);
            data.setCallbackHandler(passwords());
            data.setAllowRSA15KeyTransportAlgorithm(name.contains("rsa15"));
            data.setValidateSamlSubjectConfirmation(false);
            WSHandlerResult result = engine.processSecurityHeader(doc, data);
            StringBuilder done = new StringBuilder();
            for (WSSecurityEngineResult r : result.getResults()) {
                done.append(r.get(WSSecurityEngineResult.TAG_ACTION)).append(' ');
            }
            line.put("actions", done.toString().trim());
            if (!doc.getDocumentElement().getTextContent().contains(word)) {
                line.put("error", "the body does not say " + word);
            }
        } catch (Exception e) {
            Throwable root = e;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            line.put("error", e + (root == e ? "" : " <- " + root));
        }
        System.out.println(line);
    }

    private CallbackHandler passwords() {
        return callbacks -> {
            for (Callback c : callbacks) {
                if (!(c instanceof WSPasswordCallback)) {
                    continue;
                }
                WSPasswordCallback w = (WSPasswordCallback) c;
                switch (w.getUsage()) {
                    case WSPasswordCallback.USERNAME_TOKEN:
                        w.setPassword(peer.settings.getProperty("user." + w.getIdentifier()));
                        break;
                    case WSPasswordCallback.SECURITY_CONTEXT_TOKEN:
                    case WSPasswordCallback.SECRET_KEY:
                        w.setKey(secret);
                        break;
                    default:
                        w.setPassword(peer.get("store.password"));
                }
            }
        };
    }

    static Document parse(byte[] octets) throws Exception {
        DocumentBuilderFactory f = DocumentBuilderFactory.newInstance();
        f.setNamespaceAware(true);
        return f.newDocumentBuilder().parse(new ByteArrayInputStream(octets));
    }
}
