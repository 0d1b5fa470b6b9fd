"""Words under which models say places, and what they call them: keys as `bare_key` has them."""

from __future__ import annotations

POINTS = frozenset({
    "point2d", "point", "points", "points2d", "coordinate", "coordinate2", "keypoints",
    "startcoordinate", "endcoordinate",
})  # fmt: skip
BOXES = frozenset({
    "bbox2d", "bbox", "box", "box2d", "bboxes", "boxes", "boundingbox", "boundingboxes", "bndbox",
    "polygon", "polygon2d", "polygons", "poly", "quad", "blockbbox",
})  # fmt: skip
PERHAPS = frozenset({  # which may also hold words
    "location", "position", "region", "rect", "coordinates", "coords", "corners", "vertices",
    "segmentation", "mask", "contour", "center", "centre", "centerpoint", "clickpoint",
    "start", "end", "startpoint", "endpoint", "坐标", "边界框", "位置", "点",
    "中心点", "中心坐标", "坐标点",
})  # fmt: skip
LABELS = (
    "label", "name", "category", "class", "alt", "desc", "description", "object", "labelname",
    "categoryname", "classname", "objectname", "blocklabel", "element", "key", "field", "action",
    "标签", "名称", "类别", "物体", "对象",
)  # fmt: skip
TEXTS = (
    "textcontent", "text", "content", "transcription", "word", "words", "blockcontent", "value",
    "文字", "文本", "内容",
)  # fmt: skip
LISTED_LABELS = ("labels", "names", "categories", "classes", "phrases", "texts", "标签")
"""Keys of as many labels as there are places beside them, in their order."""
GATHERING = frozenset({
    "objects", "results", "detections", "instances", "annotations", "predictions", "items", "data",
    "answer", "output", "result", "arguments", "parameters", "function", "elements", "blocks",
    "image", "images", "page", "pages", "frames",
})  # fmt: skip
"""Keys that gather places and name none of them."""
PICTURES = frozenset({
    "image", "imageid", "imageindex", "page", "pageindex", "frame", "frameid", "frameindex",
    "time", "timestamp", "图片", "图像", "帧",
})  # fmt: skip
"""Keys that say in which of several pictures a place is."""
NO_PLACES = frozenset({"color", "colour", "rgba", "size", "padding", "margin", "颜色"})
"""Keys of numbers that are no place, however many they are."""
SIDES = (("x1", "y1", "x2", "y2"), ("x0", "y0", "x1", "y1"), ("xmin", "ymin", "xmax", "ymax"),
         ("minx", "miny", "maxx", "maxy"), ("left", "top", "right", "bottom"))  # fmt: skip
SIZES = (("x", "y", "width", "height"), ("x", "y", "w", "h"), ("left", "top", "width", "height"))
CENTRED = (("cx", "cy", "w", "h"), ("cx", "cy", "width", "height"),
           ("xcenter", "ycenter", "width", "height"), ("center", "width", "height"))  # fmt: skip
CORNERS = (("topleft", "bottomright"), ("upperleft", "lowerright"), ("min", "max"),
           ("左上角", "右下角"))  # fmt: skip
QUAD = ("x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4")
"""The numbers of four corners."""
SPELLED = {
    prefix + spelled: sides
    for prefix in ("", "bbox", "box")
    for spelled, sides in (("xyxy", SIDES[0]), ("xywh", SIZES[1]), ("cxcywh", CENTRED[0]))
}
"""Keys of four numbers that spell what each of them is."""
TURNED = "rotaterect"
