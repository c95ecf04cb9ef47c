// A basketball on the floor of a sports hall.
#include "common.inc"
camera { location <0, 2.0, -6> look_at <0, 1.0, 0> angle 34 right x*4/3 }
Lamp(<-5, 10, -5>, rgb <1, 0.97, 0.92>*1.1, 4)
Lamp(<8, 9, 2>, rgb <0.9, 0.95, 1>*0.35, 3)
background { rgb <0.3, 0.3, 0.32> }
Table(RGB(150, 98, 52), RGB(214, 164, 104), 1.4, 0.55)
SoftWall(14, RGB(120, 128, 140), RGB(86, 92, 104), 6)
box { <-40, 0, 13.6>, <40, 1.2, 13.9> pigment { RGB(52, 66, 96) } }
// a court line
box { <-40, 0.0, 2.9>, <40, 0.003, 3.3> pigment { RGB(236, 234, 228) } finish { diffuse 0.7 reflection { 0, 0.15 } } interior { ior 1.4 } }

#declare f_line = function(d) { max(0, 1 - d/0.028) }
#declare f_seam = function {
  max(f_line(abs(x)),
  max(f_line(abs(y)),
      f_line(abs(x*x - 0.42*y*y - 0.27)/1.08)))
}
#declare f_groove = function { min(1, f_seam(x, y, z)*3) }
isosurface {
  function { sqrt(x*x+y*y+z*z) - 1 + 0.014*f_groove(x, y, z) }
  contained_by { sphere { 0, 1.01 } } max_gradient 2.5 accuracy 0.001
  texture {
    pigment { function { f_groove(x, y, z) } pigment_map {
      [0 bozo scale 0.6 turbulence 0.5 color_map { [0 RGB(190, 84, 28)] [1 RGB(216, 106, 42)] }]
      [0.45 bozo color_map { [0 RGB(200, 92, 34)] [1 RGB(206, 98, 38)] }]
      [0.6 RGB(24, 20, 18)] [1 RGB(24, 20, 18)] } }
    normal { crackle 0.55 scale 0.035 }
    finish { diffuse 0.78 specular 0.22 roughness 0.06 }
  }
  rotate <0, 0, 14> rotate <-22, 0, 0> rotate y*24
  translate y
}
