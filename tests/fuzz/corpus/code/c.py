"""doc 'cta' """
x = client.get_boolean_value("off\x2dforever", False)  # 'kill'
y = f"{client.get_boolean_value('gone-py', False)} {{kill}}"
z = evaluate(flag_key="gone-key")
