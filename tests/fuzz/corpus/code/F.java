class F { boolean isEnabled(String s) { return x; } String t = """
 say "kill" """; boolean b = client.getBooleanValue("gone-\u006aava", FLAG_SEARCH); boolean c = mine("gone-mine"); }
