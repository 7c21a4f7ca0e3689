package interop;

import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One request of the driver: a JSON object of strings on one line. */
final class Wss4jRequest {
    private final Map<String, String> values = new HashMap<>();

    Wss4jRequest(String line) {
        int[] at = {0};
        expect(line, at, '{');
        while (line.charAt(at[0]) != '}') {
            String name = string(line, at);
            expect(line, at, ':');
            values.put(name, string(line, at));
            if (line.charAt(at[0]) == ',') {
                at[0]++;
            }
        }
    }

    private static void expect(String line, int[] at, char c) {
        if (line.charAt(at[0]++) != c) {
            throw new IllegalArgumentException("no " + c + " at " + at[0]);
        }
    }

    private static String string(String line, int[] at) {
        expect(line, at, '"');
        StringBuilder out = new StringBuilder();
        for (char c = line.charAt(at[0]++); c != '"'; c = line.charAt(at[0]++)) {
            if (c == '\\') {
                c = line.charAt(at[0]++);
                if (c == 'u') {
                    c = (char) Integer.parseInt(line.substring(at[0], at[0] + 4), 16);
                    at[0] += 4;
                } else if (c == 'n') {
                    c = '\n';
                }
            }
            out.append(c);
        }
        return out.toString();
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    String get(String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("request without " + name);
        }
        return value;
    }

    String get(String name, String otherwise) {
        return values.getOrDefault(name, otherwise);
    }

    byte[] octets(String name) {
        return has(name) ? Base64.getDecoder().decode(get(name)) : null;
    }

    /** The words of a value, separated by spaces. */
    List<String> words(String name) {
        List<String> out = new ArrayList<>();
        for (String word : get(name, "").split(" ")) {
            if (!word.isEmpty()) {
                out.add(word);
            }
        }
        return out;
    }
}
