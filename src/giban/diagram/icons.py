"""Icons of our own: simple line drawings on a field of 24 by 24, as the inside of an SVG symbol."""

from __future__ import annotations

ICONS = {
    "users": '<circle cx="9" cy="8" r="3.5"/><path d="M3 20c0-4 2.5-6 6-6s6 2 6 6"/><circle cx="17" cy="9" r="2.5"/>'
    '<path d="M17 14c2.5 0 4 1.5 4 5"/>',
    "terminal": '<rect x="3" y="4" width="18" height="16" rx="2"/><path d="M7 9l3 3-3 3M12.5 15h4"/>',
    "cloud": '<path d="M7 18h10a4 4 0 0 0 .5-8A6 6 0 0 0 6 9.5 4.3 4.3 0 0 0 7 18z"/>',
    "dns": '<path d="M12 3v18M5 5h11l3 2.5-3 2.5H5zM19 12.5H8L5 15l3 2.5h11z"/>',
    "globe": '<circle cx="12" cy="12" r="9"/><path d="M3 12h18M12 3c3.5 3.5 3.5 14.5 0 18M12 3c-3.5 3.5-3.5 14.5 0 18"/>',
    "shield": '<path d="M12 3l7.5 2.5v6c0 5-3.5 8-7.5 9.5-4-1.5-7.5-4.5-7.5-9.5v-6zM8.5 12l2.5 2.5 4.5-5"/>',
    "gateway": '<path d="M4 21V9a8 8 0 0 1 16 0v12M9 21v-8h6v8M12 5v4"/>',
    "api": '<path d="M8 5L3 12l5 7M16 5l5 7-5 7M13.5 8l-3 8"/>',
    "tunnel": '<path d="M3 12h4M17 12h4"/><rect x="7" y="7" width="10" height="10" rx="5"/><path d="M10 12h4"/>',
    "plug": '<path d="M9 3v5M15 3v5M6.5 8h11v3.5a5.5 5.5 0 0 1-11 0zM12 17v4"/>',
    "nat": '<path d="M3 8h13M12.5 4.5L16 8l-3.5 3.5M21 16H8M11.5 12.5L8 16l3.5 3.5"/>',
    "balancer": '<circle cx="5" cy="12" r="2.2"/><path d="M7.2 12h5M12.2 12V5.5H17M12.2 12v6.5H17M12.2 12H17"/>'
    '<circle cx="19" cy="5.5" r="1.8"/><circle cx="19" cy="12" r="1.8"/><circle cx="19" cy="18.5" r="1.8"/>',
    "server": '<rect x="4" y="4" width="16" height="7" rx="1.5"/><rect x="4" y="13" width="16" height="7" rx="1.5"/>'
    '<path d="M8 7.5h.01M8 16.5h.01M12 7.5h4M12 16.5h4"/>',
    "servers": '<rect x="3" y="7.5" width="12" height="13" rx="1.5"/><path d="M6.5 4.5h13a1.5 1.5 0 0 1 1.5 1.5v11"/>'
    '<path d="M6 12h6M6 16h6"/>',
    "container": '<path d="M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9"/>',
    "wheel": '<circle cx="12" cy="12" r="6"/><path d="M12 3v18M4.2 7.5l15.6 9M4.2 16.5l15.6-9"/>',
    "function": '<path d="M6 4h3.5l7 16H20M11.5 9.5L6 20"/>',
    "database": '<ellipse cx="12" cy="6" rx="7.5" ry="3"/><path d="M4.5 6v12c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3V6'
    'M4.5 12c0 1.7 3.4 3 7.5 3s7.5-1.3 7.5-3"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="M15.5 15.5L21 21"/>',
    "cache": '<path d="M13 3L5 13.5h6L10.5 21 19 10h-6.5z"/>',
    "files": '<path d="M3.5 7V5.5A1.5 1.5 0 0 1 5 4h4l2 2.5h8A1.5 1.5 0 0 1 20.5 8v10a1.5 1.5 0 0 1-1.5 1.5H5'
    'A1.5 1.5 0 0 1 3.5 18zM3.5 10h17"/>',
    "disk": '<rect x="4" y="3.5" width="16" height="17" rx="2"/><circle cx="12" cy="10.5" r="4"/><path d="M8 17.5h8"/>',
    "stream": '<path d="M3 7c3-3 6 3 9 0s6 3 9 0M3 12c3-3 6 3 9 0s6 3 9 0M3 17c3-3 6 3 9 0s6 3 9 0"/>',
    "queue": '<rect x="3" y="7" width="5" height="10" rx="1"/><rect x="9.5" y="7" width="5" height="10" rx="1"/>'
    '<rect x="16" y="7" width="5" height="10" rx="1"/>',
    "topic": '<path d="M4 10v4h3l7 5V5L7 10zM17.5 9a4 4 0 0 1 0 6M20 6.5a8 8 0 0 1 0 11"/>',
    "table": '<rect x="3.5" y="4.5" width="17" height="15" rx="1.5"/><path d="M3.5 9.5h17M3.5 14.5h17M9.5 9.5v10"/>',
    "bucket": '<ellipse cx="12" cy="6" rx="8" ry="2.7"/><path d="M4 6l2.3 13c.3 1.5 11.1 1.5 11.4 0L20 6"/>',
    "box": '<rect x="4" y="8" width="16" height="12" rx="1.5"/><path d="M4 8l2.5-4h11L20 8M9.5 12h5"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5.5l3.5 2"/>',
    "flow": '<rect x="3" y="4" width="6" height="5" rx="1"/><rect x="15" y="15" width="6" height="5" rx="1"/>'
    '<path d="M9 6.5h5.5a3.5 3.5 0 0 1 3.5 3.5v5M15.5 12.5L18 15l2.5-2.5"/>',
    "certificate": '<rect x="3" y="4" width="18" height="12" rx="1.5"/><path d="M7 8h7M7 11.5h4"/>'
    '<circle cx="16.5" cy="14" r="3"/><path d="M14.8 16.5V21l1.7-1.2 1.7 1.2v-4.5"/>',
    "secret": '<rect x="5" y="10.5" width="14" height="10" rx="1.5"/><path d="M8 10.5V8a4 4 0 0 1 8 0v2.5M12 14.5v2.5"/>',
    "key": '<circle cx="8" cy="15.5" r="4.5"/><path d="M11.2 12.3L20 3.5M16 7.5l3 3M13.5 10l2 2"/>',
    "log": '<path d="M6 3.5h9l4 4v13H6zM14.5 3.5V8H19M9 12h7M9 15.5h7"/>',
    "bell": '<path d="M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4M12 3v2"/>',
    "chart": '<path d="M4 4v16h16M8 16v-4M12 16V8M16 16v-6"/>',
    "coin": '<circle cx="12" cy="12" r="8.5"/><path d="M14.5 9c-.5-1-1.4-1.5-2.5-1.5-1.5 0-2.6.8-2.6 2.1 0 3 5.3 1.6 5.3 4.7'
    ' 0 1.3-1.2 2.2-2.7 2.2-1.3 0-2.3-.6-2.8-1.7M12 6v1.5M12 16.5V18"/>',
}
"""By the names that `kinds` uses."""
