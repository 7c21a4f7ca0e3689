package interop;

import java.io.FileInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.security.KeyStore;
import java.util.Map;
import java.util.Properties;

import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.CallbackHandler;

import org.apache.cxf.Bus;
import org.apache.cxf.configuration.jsse.TLSClientParameters;
import org.apache.cxf.configuration.jsse.TLSServerParameters;
import org.apache.cxf.configuration.security.ClientAuthentication;
import org.apache.cxf.transport.http_jetty.JettyHTTPServerEngineFactory;
import org.apache.cxf.ws.security.SecurityConstants;
import org.apache.wss4j.common.crypto.Crypto;
import org.apache.wss4j.common.crypto.CryptoFactory;
import org.apache.wss4j.common.ext.WSPasswordCallback;

/**
 * What the three processes share: the settings that the Go driver wrote, and the keys it made.
 * Every key is a test key that lives as long as the run.
 */
final class Peer {
    final Properties settings = new Properties();

    Peer(String[] args) throws IOException {
        if (args.length != 1) {
            throw new IllegalArgumentException("one argument: the settings file");
        }
        try (FileInputStream in = new FileInputStream(args[0])) {
            settings.load(in);
        }
    }

    String get(String name) {
        String value = settings.getProperty(name);
        if (value == null) {
            throw new IllegalArgumentException("setting missing: " + name);
        }
        return value;
    }

    /** Where a key store is. */
    String file(String store) {
        return get("dir") + "/" + store + ".p12";
    }

    /** WSS4J's description of a key store, with the certificates that are trusted beside it. */
    Properties crypto(String store) {
        Properties p = new Properties();
        p.setProperty("org.apache.wss4j.crypto.provider", "org.apache.wss4j.common.crypto.Merlin");
        p.setProperty("org.apache.wss4j.crypto.merlin.keystore.type", "PKCS12");
        p.setProperty("org.apache.wss4j.crypto.merlin.keystore.file", file(store));
        p.setProperty("org.apache.wss4j.crypto.merlin.keystore.password", get("store.password"));
        p.setProperty("org.apache.wss4j.crypto.merlin.keystore.alias", keyAlias(store));
        p.setProperty("org.apache.wss4j.crypto.merlin.truststore.type", "PKCS12");
        p.setProperty("org.apache.wss4j.crypto.merlin.truststore.file", file("trust"));
        p.setProperty("org.apache.wss4j.crypto.merlin.truststore.password", get("store.password"));
        return p;
    }

    /** The certificates of services, by alias, to encrypt to. */
    Properties recipients() {
        Properties p = crypto("sts");
        p.setProperty("org.apache.wss4j.crypto.merlin.keystore.file", file("recipients"));
        p.remove("org.apache.wss4j.crypto.merlin.keystore.alias");
        return p;
    }

    Crypto load(Properties p) throws Exception {
        return CryptoFactory.getInstance(p);
    }

    String keyAlias(String store) {
        try {
            KeyStore ks = open(store);
            for (String alias : java.util.Collections.list(ks.aliases())) {
                if (ks.isKeyEntry(alias)) {
                    return alias;
                }
            }
        } catch (Exception e) {
            throw new IllegalStateException("key store " + store, e);
        }
        throw new IllegalStateException("no key in key store " + store);
    }

    private KeyStore open(String store) throws Exception {
        KeyStore ks = KeyStore.getInstance("PKCS12");
        try (FileInputStream in = new FileInputStream(file(store))) {
            ks.load(in, get("store.password").toCharArray());
        }
        return ks;
    }

    private KeyManager[] keys(String store) throws Exception {
        KeyManagerFactory f = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        f.init(open(store), get("store.password").toCharArray());
        return f.getKeyManagers();
    }

    private TrustManager[] trust() throws Exception {
        TrustManagerFactory f = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        f.init(open("trust"));
        return f.getTrustManagers();
    }

    /** A free loopback port that the bus will serve over TLS. */
    int listen(Bus bus) throws Exception {
        int port;
        try (ServerSocket s = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = s.getLocalPort();
        }
        TLSServerParameters tls = new TLSServerParameters();
        tls.setKeyManagers(keys("tls"));
        tls.setTrustManagers(trust());
        ClientAuthentication auth = new ClientAuthentication();
        auth.setWant(true);
        tls.setClientAuthentication(auth);
        JettyHTTPServerEngineFactory f = bus.getExtension(JettyHTTPServerEngineFactory.class);
        f.setTLSServerParametersForPort("localhost", port, tls);
        return port;
    }

    TLSClientParameters client() throws Exception {
        TLSClientParameters tls = new TLSClientParameters();
        tls.setTrustManagers(trust());
        return tls;
    }

    /** SHA-256 everywhere, AES-GCM and RSA-OAEP: what CXF's suites with Sha256 in the name leave at SHA-1 and CBC. */
    static Map<String, Object> suite() {
        return Map.of(
            SecurityConstants.ASYMMETRIC_SIGNATURE_ALGORITHM, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            SecurityConstants.SYMMETRIC_SIGNATURE_ALGORITHM, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
            SecurityConstants.CUSTOM_ALG_SUITE_ASYMMETRIC_SIGNATURE, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            SecurityConstants.CUSTOM_ALG_SUITE_SYMMETRIC_SIGNATURE, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
            SecurityConstants.CUSTOM_ALG_SUITE_SIGNATURE_DERIVED_KEY_LENGTH, 256,
            SecurityConstants.CUSTOM_ALG_SUITE_ASYMMETRIC_KEY_ENCRYPTION_ALGORITHM,
            "http://www.w3.org/2009/xmlenc11#rsa-oaep");
    }

    /** Answers with the passwords of users and of key stores. */
    CallbackHandler passwords() {
        return callbacks -> {
            for (Callback c : callbacks) {
                if (c instanceof WSPasswordCallback) {
                    WSPasswordCallback w = (WSPasswordCallback) c;
                    if (w.getUsage() == WSPasswordCallback.USERNAME_TOKEN) {
                        w.setPassword(settings.getProperty("user." + w.getIdentifier()));
                    } else {
                        w.setPassword(get("store.password"));
                    }
                }
            }
        };
    }

    /** Says that the process is ready, then waits until the driver closes our input. */
    static void serve(Json ready) throws IOException {
        System.out.println(ready);
        System.out.flush();
        while (System.in.read() >= 0) {
            continue;
        }
        System.exit(0);
    }
}
