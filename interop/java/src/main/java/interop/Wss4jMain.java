package interop;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;

import org.apache.wss4j.dom.engine.WSSConfig;
import org.apache.wss4j.dom.engine.WSSecurityEngine;
import org.w3c.dom.Document;

/**
 * WSS4J without anything around it: makes the message that a line of input asks for, or
 * says what it finds in one. Every answer is one line.
 */
public final class Wss4jMain {
    private Wss4jMain() {
    }

    public static void main(String[] args) throws Exception {
        Peer peer = new Peer(args);
        WSSConfig.init();
        String version = WSSecurityEngine.class.getPackage().getImplementationVersion();
        System.out.println(new Json().put("ready", "wss4j").put("version", version));
        System.out.flush();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(answer(peer, line));
            System.out.flush();
        }
        System.exit(0);
    }

    private static Json answer(Peer peer, String line) {
        Json out = new Json();
        try {
            Wss4jRequest q = new Wss4jRequest(line);
            Document doc = parse(q.octets("message"));
            if (q.get("op").equals("make")) {
                new Wss4jMaker(peer, q, doc).make();
                return out.put("message", Base64.getEncoder().encodeToString(write(doc)));
            }
            return new Wss4jChecker(peer, q, doc).check(out);
        } catch (Exception | LinkageError | StackOverflowError e) {
            return new Json().put("error", why(e));
        }
    }

    /** The reasons, outermost first. */
    private static String why(Throwable e) {
        StringBuilder out = new StringBuilder();
        for (Throwable t = e; t != null && out.length() < 2000; t = t.getCause()) {
            out.append(out.length() == 0 ? "" : ": ").append(t.getClass().getSimpleName()).append(' ').append(t.getMessage());
        }
        StackTraceElement[] at = e.getStackTrace();
        return at.length == 0 ? out.toString() : out + " at " + at[0];
    }

    private static Document parse(byte[] xml) throws Exception {
        DocumentBuilderFactory f = DocumentBuilderFactory.newInstance();
        f.setNamespaceAware(true);
        f.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        f.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
        return f.newDocumentBuilder().parse(new ByteArrayInputStream(xml));
    }

    private static byte[] write(Document doc) throws Exception {
        Transformer t = TransformerFactory.newInstance().newTransformer();
        t.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        t.transform(new DOMSource(doc), new StreamResult(out));
        return out.toByteArray();
    }
}
