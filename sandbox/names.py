"""Names for simulated companies: ten that always exist, and the words that the others are made of."""

SECTORS = (
    "Technology", "Health Care", "Financials", "Consumer Discretionary", "Consumer Staples", "Industrials",
    "Energy", "Materials", "Utilities", "Real Estate", "Communication Services",
)  # fmt: skip

FIXED = (
    ("LOOM", "Loom Industries, Inc.", "Industrials", "XNYS"),
    ("WEFT", "Weft Energy Corporation", "Energy", "XNYS"),
    ("WARP", "Warp Computing, Inc.", "Technology", "XNAS"),
    ("HEDL", "Heddle Therapeutics, Inc.", "Health Care", "XNAS"),
    ("REED", "Reed Financial Group", "Financials", "XNYS"),
    ("SHED", "Shed Real Estate Trust", "Real Estate", "XNYS"),
    ("BOBN", "Bobbin Stores, Inc.", "Consumer Discretionary", "XNAS"),
    ("TREA", "Treadle Foods plc", "Consumer Staples", "XNYS"),
    ("SPUN", "Spun Media Holdings", "Communication Services", "XNAS"),
    ("YARN", "Yarn Utilities Company", "Utilities", "XNYS"),
)

# The ticker that one company after the other has: see `successions`.
REUSED = "HANK"

FIRST = (
    "Abbot", "Acorn", "Alder", "Amber", "Anchor", "Apex", "Arbor", "Argent", "Ashford", "Aspen", "Atlas", "Aurora",
    "Avon", "Banner", "Barrow", "Basalt", "Beacon", "Birch", "Bluff", "Borealis", "Bramble", "Brandt", "Bright",
    "Brook", "Cadence", "Calder", "Canyon", "Cardinal", "Carver", "Cascade", "Cedar", "Chester", "Cinder", "Citrine",
    "Clearwater", "Cobalt", "Compass", "Copper", "Coral", "Crescent", "Crown", "Dalton", "Delphi", "Dover", "Drake",
    "Eastgate", "Ebony", "Elder", "Ember", "Evergreen", "Fairfax", "Falcon", "Fern", "Fjord", "Flint", "Forge",
    "Garnet", "Glacier", "Granite", "Grove", "Halcyon", "Harbor", "Hawthorn", "Hazel", "Helix", "Heron", "Horizon",
    "Indigo", "Iris", "Ivory", "Jasper", "Juniper", "Keystone", "Kestrel", "Lantern", "Larch", "Laurel", "Linden",
    "Lumen", "Magnet", "Maple", "Meridian", "Mistral", "Mosaic", "Nimbus", "Northway", "Oakmont", "Obsidian", "Onyx",
    "Opal", "Orchard", "Orion", "Osprey", "Pacific", "Palisade", "Pembroke", "Pinnacle", "Prairie", "Quarry",
    "Quill", "Quantum", "Raven", "Redwood", "Ridgeline", "River", "Rowan", "Sable", "Saffron", "Sequoia", "Sierra",
    "Silver", "Slate", "Solstice", "Spruce", "Sterling", "Summit", "Tamarack", "Tempest", "Thistle", "Topaz",
    "Trident", "Umber", "Union", "Valley", "Vector", "Verdant", "Vesper", "Violet", "Walnut", "Westbrook", "Willow",
    "Windsor", "Xenon", "Yarrow", "Yellowstone", "Zenith", "Zephyr",
)  # fmt: skip

SECOND = {
    "Technology": ("Software", "Semiconductor", "Networks", "Systems", "Data", "Robotics", "Cloud", "Devices"),
    "Health Care": ("Therapeutics", "Biosciences", "Medical", "Pharma", "Diagnostics", "Health", "Genomics"),
    "Financials": ("Bancorp", "Financial", "Insurance", "Capital", "Trust", "Lending", "Payments"),
    "Consumer Discretionary": ("Motors", "Stores", "Apparel", "Leisure", "Homes", "Restaurants", "Resorts"),
    "Consumer Staples": ("Foods", "Brands", "Beverage", "Household", "Farms", "Grocers"),
    "Industrials": ("Industries", "Aerospace", "Logistics", "Machinery", "Rail", "Engineering", "Airlines"),
    "Energy": ("Energy", "Petroleum", "Drilling", "Pipeline", "Resources", "Solar"),
    "Materials": ("Chemical", "Steel", "Mining", "Paper", "Lithium", "Materials"),
    "Utilities": ("Power", "Electric", "Water", "Gas", "Utilities"),
    "Real Estate": ("Properties", "Realty", "REIT", "Storage", "Towers"),
    "Communication Services": ("Media", "Wireless", "Broadcasting", "Interactive", "Studios", "Telecom"),
}

ENDINGS = (
    " Inc.",
    ", Inc.",
    " Corp.",
    " Corporation",
    " Co.",
    " Holdings, Inc.",
    " Group, Inc.",
    " plc",
    " Ltd.",
    " N.V.",
)
FUND_THEMES = (
    "Large Cap", "Small Cap", "Total Market", "Dividend", "Value", "Growth", "Momentum", "Low Volatility",
    "Technology", "Energy", "Financials", "Health Care", "Short-Term Bond", "Gold Miners", "Clean Power",
    "Semiconductor",
)  # fmt: skip
