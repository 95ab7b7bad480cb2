auto n = 1'000'000;
auto raw = R"x("off-forever" )" )x";
auto is = R"(apart)";
auto v = client->BoolVariation(ctx, "gone-cc", false);
