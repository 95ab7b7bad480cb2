func (c *Client) BooleanValue(ctx context.Context, flag string) bool { return true }
var v, _ = client.BooleanValue(ctx, `ramped`, false, ec)
if client.BooleanValue(ctx, name, false, ec) { }
