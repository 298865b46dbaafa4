#include "neighbours.hpp"

#include <nanoflann.hpp>

namespace astrometry {
namespace {
using almagest::Point;

/// Points as nanoflann wants to see them.
struct PointCloud {
  std::span<Point const> points;
  std::size_t kdtree_get_point_count() const { return points.size(); }
  double kdtree_get_pt(std::size_t index, std::size_t axis) const {
    return axis == 0 ? points[index].x : points[index].y;
  }
  template <class Box>
  bool kdtree_get_bbox(Box&) const {
    return false;  // to be found from the points
  }
};

class NearestPoint {
 public:
  explicit NearestPoint(std::span<Point const> points) : cloud_{points}, tree_(2, cloud_) {}

  struct Found {
    std::size_t index;
    double distance_squared;
  };
  Found operator()(Point p) const {
    double const query[2] = {p.x, p.y};
    Found found{0, 0.0};
    tree_.knnSearch(query, 1, &found.index, &found.distance_squared);
    return found;
  }

 private:
  using Metric = nanoflann::L2_Simple_Adaptor<double, PointCloud>;
  PointCloud cloud_;
  nanoflann::KDTreeSingleIndexAdaptor<Metric, PointCloud, 2, std::size_t> tree_;
};

}  // namespace

std::vector<IndexPair> mutual_nearest(std::span<Point const> sources,
                                      std::span<Point const> references, double radius) {
  std::vector<IndexPair> pairs;
  if (sources.empty() || references.empty()) return pairs;
  NearestPoint const nearest_source(sources);
  NearestPoint const nearest_reference(references);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    NearestPoint::Found const found = nearest_reference(sources[i]);
    if (found.distance_squared > radius * radius) continue;
    if (nearest_source(references[found.index]).index == i) pairs.push_back({i, found.index});
  }
  return pairs;
}

}  // namespace astrometry
